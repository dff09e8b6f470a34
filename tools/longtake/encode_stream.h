#pragma once

#include "tools/longtake/encode_options.h"

namespace longtake::cli {

// `encode` for all moments, to a stream.
void encode_stream(const EncodeOptions& options);

}  // namespace longtake::cli
