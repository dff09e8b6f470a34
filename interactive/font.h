#pragma once

#include <cstddef>
#include <span>

namespace longtake::interactive {

// Roboto Regular (Apache-2.0), a TrueType file that is part of the program.
std::span<const std::byte> font_bytes();

}  // namespace longtake::interactive
