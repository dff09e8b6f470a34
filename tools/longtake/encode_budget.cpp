#include "tools/longtake/encode_budget.h"

#include "core/error.h"
#include "core/frame_rate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace longtake::cli {

gaussians::StreamBudget stream_budget(const EncodeOptions& o) {
    check_input((o.preset == kAutoPreset) == !o.budget.empty(),
                "--preset auto and --budget belong together");
    gaussians::StreamBudget budget;
    for (const std::string& word : o.budget) {
        double number = 0;
        const char* end = word.data() + word.size();
        const auto [unit, error] = std::from_chars(word.data(), end, number);
        const std::string_view rest(unit, static_cast<size_t>(end - unit));
        const std::map<std::string_view, std::pair<std::optional<double>*, double>> units{
            {"kB/s", {&budget.bytes_per_second, 1e3}}, {"MB/s", {&budget.bytes_per_second, 1e6}},
            {"s", {&budget.seconds_per_frame, 1}},     {"MB", {&budget.memory_bytes, 1e6}},
            {"GB", {&budget.memory_bytes, 1e9}},
        };
        const auto found = units.find(rest);
        check_input(error == std::errc() && number > 0 && std::isfinite(number) &&
                        found != units.end() && !found->second.first->has_value(),
                    "--budget {}: one number each is wanted of kB/s or MB/s, s, MB or GB", word);
        *found->second.first = number * found->second.second;
    }
    return budget;
}

double segment_seconds(const EncodeOptions& o) {
    return static_cast<double>(o.key_every) / FrameRate::parse(o.frame_rate).value();
}

EncodeOptions within_budget(EncodeOptions o, const Views& seen) {
    int64_t pixels = 0;
    for (const gaussians::TrainingView& view : seen.learnt) {
        pixels += view.camera.width * view.camera.height;
    }
    o.max_gaussians = std::min(
        o.max_gaussians, gaussians::most_gaussians(stream_budget(o), segment_seconds(o), pixels));
    return o;
}

void print_budget(const EncodeOptions& o, const Taken& taken) {
    const gaussians::StreamBudget budget = stream_budget(o);
    std::vector<std::string> parts;
    if (budget.bytes_per_second) {
        parts.push_back(
            fmt::format("{:.4g} of {:.4g} MB/s",
                        taken.bytes_a_frame * FrameRate::parse(o.frame_rate).value() / 1e6,
                        *budget.bytes_per_second / 1e6));
    }
    if (budget.seconds_per_frame) {
        parts.push_back(fmt::format("{:.3g} of {:.3g} s a frame", taken.seconds_a_frame,
                                    *budget.seconds_per_frame));
    }
    if (budget.memory_bytes) {
        parts.push_back(fmt::format("{:.4g} of {:.4g} MB", taken.memory_mib * (1 << 20) / 1e6,
                                    *budget.memory_bytes / 1e6));
    }
    if (!parts.empty()) {
        fmt::print("budget: {}\n", fmt::join(parts, ", "));
    }
}

}  // namespace longtake::cli
