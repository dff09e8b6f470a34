#pragma once

#include <string>

namespace longtake::cli {

// Says what a stream of Gaussians holds, in all and frame by frame. To verify, decodes everything
// and compares each state with what was written: throws InputError where they differ.
struct StreamReport {
    bool verify = false, cameras = false;
};
void print_stream(const std::string& address, const StreamReport& report);

}  // namespace longtake::cli
