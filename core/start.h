#pragma once

#include <cstdint>

namespace longtake {

// When a GPU may begin with a step: after all that was queued before it, or while the step queued
// last is still under way. What an early one reads was queued before that step, or it says what it
// waits for.
enum class Start : uint8_t { After, Early };

}  // namespace longtake
