#pragma once

#include "gaussians/train/rate_control.h"
#include "tools/longtake/encode_options.h"
#include "tools/longtake/encode_views.h"

namespace longtake::cli {

constexpr const char* kAutoPreset = "auto";  // l, or compact where bytes are counted, steered

// What it has to keep to, such as 2MB/s, 1.5s and 8GB; throws InputError naming --budget.
gaussians::StreamBudget stream_budget(const EncodeOptions& options);
double segment_seconds(const EncodeOptions& options);
// With no more Gaussians than that has room for.
EncodeOptions within_budget(EncodeOptions options, const Views& seen);

struct Taken {
    double bytes_a_frame, seconds_a_frame, memory_mib;
};
void print_budget(const EncodeOptions& options, const Taken& taken);  // a line, where there is one

}  // namespace longtake::cli
