#pragma once

#include "tests/fuzz/fuzz.h"

namespace longtake::fuzz {

// A stream (.ltv) with the checksums that its bytes ought to have, which no fuzzer finds.
std::vector<std::byte> mended_stream(Bytes bytes);

}  // namespace longtake::fuzz
