#include "tools/longtake/take_summary.h"

#include "tools/longtake/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace longtake::cli {

using generator::ChunkTimes;

double quantile(std::vector<double> values, double share) {
    if (values.empty()) {
        return 0;
    }
    const auto rank =
        static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(values.size())) - 1);
    const auto nth = values.begin() + std::clamp<std::ptrdiff_t>(rank, 0, std::ssize(values) - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

std::vector<double> part_of(std::span<const ChunkTimes> chunks, double ChunkTimes::*part) {
    std::vector<double> values;
    for (const ChunkTimes& chunk : chunks) {
        values.push_back(chunk.*part);
    }
    return values;
}

std::string summary_of(const generator::TakeReport& report, double frame_rate) {
    const double rate =
        report.seconds > 0 ? static_cast<double>(report.frames) / report.seconds : 0;
    const auto median = [&](double ChunkTimes::*part) {
        return quantile(part_of(report.chunks, part), 0.5);
    };
    return fmt::format(
        "{} frames in {:.1f} s: {:.2f} frames/s, {:.2f}x real time; median chunk: diffuse {:.0f}, "
        "decode {:.0f}, finalize {:.0f} ms; first frame after {:.2f} s; peak memory {:.0f} MiB",
        report.frames, report.seconds, rate, rate / frame_rate, median(&ChunkTimes::diffuse_ms),
        median(&ChunkTimes::decode_ms), median(&ChunkTimes::finalize_ms),
        report.first_frame_seconds, peak_resident_mib());
}

}  // namespace longtake::cli
