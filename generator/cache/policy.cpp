#include "generator/cache/policy.h"

#include "core/error.h"
#include "generator/cache/head_masses.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace longtake::generator {
namespace {

constexpr int64_t kWidestWindow = 10'000;  // frames

struct Entry {
    std::string_view name;
    std::unique_ptr<const CachePolicy> (*make)(CacheOptions&, const CacheDefaults&);
};

constexpr std::array kPolicies{
    Entry{"full", make_full},
    Entry{"window", make_window},
    Entry{"sink", make_sink},
    Entry{"deep-sink", make_deep_sink},
    Entry{"deep-forcing", make_deep_forcing},
    Entry{"infinity-rope", make_infinity_rope},
    Entry{"ema-sink", make_ema_sink},
    Entry{"memrope", make_memrope},
    Entry{"rolling-sink", make_rolling_sink},
    Entry{"recache", make_recache},
    Entry{"rebuild", make_rebuild},
    Entry{"streaming-vlm", make_streaming_vlm},
    Entry{"entropy", make_entropy},
    Entry{"surprise", make_surprise},
    Entry{"forcing-kv", make_forcing_kv},
    Entry{"dummy-forcing", make_dummy_forcing},
    Entry{"retrieval", make_retrieval},
    Entry{"relic", make_relic},
};

}  // namespace

std::unique_ptr<const CachePolicy> make_cache_policy(std::string_view text,
                                                     const CacheDefaults& defaults) {
    CacheOptions options = CacheOptions::parse(text);
    const auto entry = std::ranges::find(kPolicies, options.name(), &Entry::name);
    if (entry == kPolicies.end()) {
        fail_input("--cache: there is no policy '{}'; choose one of {}", options.name(),
                   fmt::join(cache_policy_names(), ", "));
    }
    auto policy = entry->make(options, defaults);
    options.finish();
    return policy;
}

std::vector<std::string> cache_policy_names() {
    std::vector<std::string> names;
    for (const Entry& entry : kPolicies) {
        names.emplace_back(entry.name);
    }
    return names;
}

HeadMasses head_masses_option(CacheOptions& options, const CacheDefaults& defaults) {
    const std::filesystem::path path = options.text("heads", defaults.head_masses.string());
    check_input(defaults.heads <= diffusion::HeadList::kMost,
                "--cache {}: {} heads a layer are more than {}", options.name(), defaults.heads,
                diffusion::HeadList::kMost);
    check_input(
        !path.empty() && std::filesystem::exists(path),
        "--cache {}: {} is not there; `longtake calibrate` makes it", options.name(),
        path.empty() ? "a file of where the model's heads look (heads=FILE)" : path.string());
    return HeadMasses::read(path, defaults.layers, defaults.heads);
}

BlockBudget block_budget_option(CacheOptions& options) {
    constexpr int64_t kMost = int64_t{1} << 30;
    return {.host_mib = options.integer("host", 0, 0, kMost),
            .disk_mib = options.integer("disk", 0, 0, kMost),
            .folder = options.text("dir", std::filesystem::temp_directory_path().string())};
}

int64_t window_option(CacheOptions& options, const CacheDefaults& defaults,
                      std::optional<int64_t> most) {
    const int64_t window = std::min(defaults.window_frames, most.value_or(kWidestWindow));
    return options.integer("window", std::max(window, defaults.chunk_frames), defaults.chunk_frames,
                           kWidestWindow);
}

}  // namespace longtake::generator
