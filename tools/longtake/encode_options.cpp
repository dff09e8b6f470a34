#include "tools/longtake/encode_options.h"

#include "core/error.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/encode_budget.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string_view>

namespace longtake::cli {
namespace {

const std::map<std::string, gaussians::GateStart> kGates{{"open", gaussians::GateStart::Open},
                                                         {"even", gaussians::GateStart::Even},
                                                         {"median", gaussians::GateStart::Median},
                                                         {"robust", gaussians::GateStart::Robust}};

struct Preset {
    int64_t rounds;
    gaussians::ResidualOptions (*of)(int64_t rounds);
};
const std::map<std::string, Preset> kPresets{{"s", {6, gaussians::queen_residuals}},
                                             {"m", {8, gaussians::queen_residuals}},
                                             {"l", {10, gaussians::queen_residuals}},
                                             {"compact", {14, gaussians::compact_residuals}},
                                             {"immersive", {15, gaussians::immersive_residuals}}};

template <typename Map> std::vector<std::string> names_of(const Map& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map) {
        names.push_back(name);
    }
    return names;
}

std::vector<std::string> preset_names() {
    std::vector<std::string> names = names_of(kPresets);
    names.emplace_back(kAutoPreset);
    return names;
}

void add_moment_options(CLI::App& command, EncodeOptions& o) {
    command.add_option("--frame", o.frame, "Which moment, or the first one of a stream")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command.add_option("--test", o.test, "Cameras to hold out, whose pictures say how good it is");
    command.add_option("--scale", o.scale, "Of the pictures")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 1.0));
    command.add_option("--iterations", o.iterations, "One view each (default: 500 of each view)")
        ->check(CLI::Range(1, 10'000'000));
    command.add_option("--degree", o.degree, "Of the spherical harmonics")
        ->capture_default_str()
        ->check(CLI::Range(0, gaussians::kMaxShDegree));
    command
        .add_option("--latents", o.latents,
                    "Whole numbers that a Gaussian's harmonics are made of, or 0 to learn them as "
                    "they are (default: 2, 4 or 12 by the degree)")
        ->check(CLI::Range(0, gaussians::kMostLatents));
    command
        .add_option("--near", o.near, "Scene units before a camera that stay empty (default: 0.2)")
        ->check(CLI::PositiveNumber);
    command.add_option("--max", o.max_gaussians, "Gaussians at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    command.add_option("--points", o.points,
                       "Where Gaussians begin: a PLY of points, or how many to find in the views "
                       "(default: the dataset's points, or 20000 found where it has none)");
    command.add_flag("--sampling", o.sampling,
                     "Density control by sampling (MCMC) rather than by thresholds");
    command.add_option("--preview", o.preview,
                       "PNG drawn on the way: what a camera saw, and what is learnt of it");
    command.add_option("--seed", o.seed)->capture_default_str();
    add_device_option(command, o.device);
}

void add_stream_options(CLI::App& command, EncodeOptions& o) {
    auto* group = command.add_option_group("Streams");
    group
        ->add_option("--preset", o.preset,
                     "QUEEN's s, m or l (6, 8 or 10 rounds of the views, more of few views) or "
                     "immersive; compact: few bytes at no loss; auto: what fits --budget")
        ->capture_default_str()
        ->check(CLI::IsMember(preset_names()));
    group
        ->add_option("--budget", o.budget,
                     "Of auto: bytes of the stream such as 2MB/s, seconds a frame such as 1.5s, "
                     "memory such as 8GB, or several of them")
        ->delimiter(',');
    group->add_option("--rounds", o.rounds, "Of the views in a frame, in place of the preset's")
        ->check(CLI::Range(1, 10'000));
    group->add_option("--frames", o.frames, "How many (default: all)")->check(CLI::PositiveNumber);
    group->add_option("--key-every", o.key_every, "Frames of a segment")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    group->add_option("--segments", o.segments,
                      "A..B: only these, to be put together with others later");
    group->add_option("--fps", o.frame_rate, "Frames a second, such as 30 or 30000/1001")
        ->capture_default_str();
    group->add_flag("--follow", o.follow, "Go on as the recording grows, until Ctrl-C or --frames");
    group
        ->add_option("--gates", o.gates,
                     "How gates start: by their scores' median or robust, even, or open for none")
        ->check(CLI::IsMember(names_of(kGates)));
    group->add_flag("--gate-all", o.gate_all,
                    "Gates before all that changes of a Gaussian, not its place alone");
    group
        ->add_option("--pool", o.pool,
                     "Gaussians within this share of the scene's extent open together")
        ->check(CLI::NonNegativeNumber);
    group
        ->add_option("--masked", o.masked,
                     "Share of the rounds that see only what moves (default: 0.3)")
        ->check(CLI::Range(0.0, 1.0));
    group
        ->add_option("--move-step", o.move_step,
                     "Places change by about this share of a pixel, or 0 for as finely as the "
                     "stream can (default: 0.5)")
        ->check(CLI::Range(0.0, 100.0));
    group->add_flag("--drop-unseen", o.drop_unseen, "Gaussians that nobody can see go");
}

}  // namespace

void add_encode_options(CLI::App& command, EncodeOptions& o) {
    command
        .add_option(
            "DATASET", o.dataset,
            "Folder: COLMAP, transforms.json, N3DV, 3DGStream, Meet Room, Qualisys, Immersive, "
            "toyworld")
        ->required();
    command
        .add_option("-o,--output", o.output,
                    "FILE.ply or FILE.spz for a moment, FILE.ltv for all of them; Ctrl-C keeps "
                    "what is learnt")
        ->capture_default_str();
    add_moment_options(command, o);
    add_stream_options(command, o);
}

gaussians::TrainingOptions training_options(const EncodeOptions& o, size_t views) {
    auto options = gaussians::queen_schedule(static_cast<int64_t>(views), o.iterations);
    options.sh_degree = o.degree;
    options.latents = o.latents.value_or(gaussians::queen_latents(o.degree));
    options.density.max_gaussians = o.max_gaussians;
    options.seed = o.seed;
    options.render.near = o.near.value_or(options.render.near);
    if (o.sampling) {
        options.mcmc = gaussians::McmcOptions{.max_gaussians = o.max_gaussians};
    }
    return options;
}

gaussians::ResidualOptions residual_options(const EncodeOptions& o, size_t views) {
    constexpr int64_t kViews = 19;
    const bool sized = stream_budget(o).bytes_per_second.has_value();
    const Preset& preset = kPresets.at(o.preset != kAutoPreset ? o.preset
                                       : sized                 ? "compact"
                                                               : "l");
    const auto seen = std::clamp<int64_t>(static_cast<int64_t>(views), 1, kViews);
    const int64_t rounds = o.rounds > 0 ? o.rounds : (preset.rounds * kViews + seen - 1) / seen;
    gaussians::ResidualOptions options = preset.of(rounds);
    options.gates = o.gates ? kGates.at(*o.gates) : options.gates;
    options.gate_latents = options.gate_latents || o.gate_all;
    options.remove_dead = options.remove_dead || o.drop_unseen;
    options.masked_share = o.masked.value_or(options.masked_share);
    options.pool = o.pool.value_or(options.pool);
    options.move_pixels = o.move_step.value_or(options.move_pixels);
    options.density.max_gaussians = o.max_gaussians;
    options.render = training_options(o, 1).render;
    options.seed = o.seed;
    return options;
}

FrameRange frame_range(const EncodeOptions& o) {
    constexpr int64_t kEnd = std::numeric_limits<int32_t>::max();
    FrameRange range{o.frame, o.frames > 0 ? o.frame + o.frames : kEnd};
    if (!o.segments.empty()) {
        const std::string_view text = o.segments;
        const size_t dots = text.find("..");
        int64_t first = -1, last = -1;
        const auto number = [](std::string_view part, int64_t& value) {
            const char* end = part.data() + part.size();
            return std::from_chars(part.data(), end, value).ptr == end && !part.empty();
        };
        check_input(dots != std::string_view::npos && number(text.substr(0, dots), first) &&
                        number(text.substr(dots + 2), last) && 0 <= first && first <= last &&
                        last < kEnd / o.key_every,
                    "--segments {}: A..B is wanted, such as 8..15", o.segments);
        range.end = std::min(range.end, o.frame + (last + 1) * o.key_every);
        range.first = o.frame + first * o.key_every;
        check_input(range.first < range.end, "--segments {}: begins behind --frames", o.segments);
    }
    return range;
}

}  // namespace longtake::cli
