#pragma once

namespace longtake {

// For more threads and streams than a GPU's defaults are made for: who waits for it sleeps instead
// of spinning, and fewer streams share a queue. To be said before the GPU is used.
void expect_many_streams();

}  // namespace longtake
