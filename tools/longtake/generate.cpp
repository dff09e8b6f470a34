#include "core/error.h"
#include "core/image.h"
#include "core/progress.h"
#include "core/safetensors.h"
#include "generator/control/time_text.h"
#include "generator/stopwatch.h"
#include "generator/take.h"
#include "generator/take_record.h"
#include "generator/threaded_writer.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/drift_options.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/motion_options.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/replay.h"
#include "tools/longtake/take_summary.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

namespace longtake::cli {
namespace {

constexpr const char* kDefaultPrompt =
    "a red ball rolls right on green grass by day, the camera pans right";
constexpr double kLongest = 7 * 24 * 3600;  // seconds

struct GenerateOptions {
    ModelOptions model;
    std::string prompt = kDefaultPrompt;
    std::string script, replay, image, noise, prompt_embeds, dump_latents;
    MotionOptions motion;
    std::string seconds = "10";
    int64_t frames = 0;  // 0: as `seconds` says
    uint64_t seed = 0;
    std::string output = "longtake.mp4";
    VideoOptions video;
    DriftChoice drift;
};

int64_t frames_wanted(const GenerateOptions& o, double frame_rate) {
    if (o.frames > 0) {
        check_input(static_cast<double>(o.frames) <= kLongest * frame_rate,
                    "--frames {}: more than seven days of video", o.frames);
        return o.frames;
    }
    const auto seconds = generator::parse_time(o.seconds);
    check_input(seconds.has_value(),
                "--seconds {}: not a time; write for example 90, 1m30s or 01:30", o.seconds);
    check_input(*seconds <= kLongest, "--seconds {}: more than seven days of video", o.seconds);
    const auto frames = static_cast<int64_t>(std::llround(*seconds * frame_rate));
    check_input(frames > 0, "--seconds {}: less than one frame", o.seconds);
    return frames;
}

generator::PromptTimeline timeline_of(const GenerateOptions& o) {
    return o.script.empty() ? generator::PromptTimeline::parse(o.prompt)
                            : generator::PromptTimeline::read(o.script);
}

generator::SessionOptions session_options(const GenerateOptions& o) {
    return {.cache = o.model.cache,
            .steps = o.model.steps,
            .noise = o.noise.empty() ? generator::make_seeded_noise(o.seed)
                                     : generator::read_noise(o.noise, o.seed),
            .image = o.image.empty() ? Tensor() : read_image(o.image)};
}

Tensor read_embeds(const std::string& path, const diffusion::TransformerConfig& config) {
    const Tensor embeds = SafetensorsFile::open(path)->tensor("prompt_embeds").to(DType::F32);
    const Shape& shape = embeds.shape();
    check_input(shape.rank() == 2 && shape[0] <= config.text_len && shape[1] == config.text_dim,
                "{}: prompt_embeds {} are not [up to {}, {}]", path, shape.str(), config.text_len,
                config.text_dim);
    return embeds;
}

// Keeps what the decoder got, to compare with other programs.
class LatentsFile {
  public:
    explicit LatentsFile(std::string path) : path_(std::move(path)) {
        check_writable("--dump-latents", path_);
    }

    void add(const Tensor& latents) {
        if (!path_.empty()) {
            shape_ = latents.shape();
            const Tensor here = latents.to(Device::Cpu);
            const auto values = here.values<float>();
            values_.insert(values_.end(), values.begin(), values.end());
        }
    }
    void write() const {
        if (!values_.empty()) {
            const int64_t frame = shape_[1] * shape_[2] * shape_[3];
            const Shape all{std::ssize(values_) / frame, shape_[1], shape_[2], shape_[3]};
            write_safetensors(path_, {{"latents", Tensor::from(values_, all)}});
        }
    }

  private:
    std::string path_;
    Shape shape_;  // of the newest
    std::vector<float> values_;
};

// What makes the take of a record again; returns it.
generator::TakeRecord follow_record(GenerateOptions& o) {
    auto record = generator::TakeRecord::read(o.replay);
    if (o.model.model.empty()) {
        o.model.model = record.model;
    }
    if (o.model.device == "auto") {
        o.model.device = record.device;
    }
    o.model.precision = record.precision;
    o.model.cache = record.cache;
    o.model.steps = record.steps;
    o.model.chunk = record.chunk;
    o.seed = record.seed;
    o.frames = record.first_frame + record.frames;
    if (o.video.codec.empty() && o.output.ends_with(".mkv")) {
        o.video.codec = "ffv1";  // as the recording
    }
    if (!record.image.empty()) {
        o.image = (std::filesystem::path(o.replay).parent_path() / record.image).string();
    }
    return record;
}

void run(GenerateOptions o) {
    std::optional<generator::TakeRecord> record;
    if (!o.replay.empty()) {
        record = follow_record(o);
    }
    generator::PromptTimeline timeline = timeline_of(o);
    const auto model = load_model(o.model);
    const double frame_rate = model->config().frame_rate;
    const int64_t frames = frames_wanted(o, frame_rate);
    generator::SessionOptions options = session_options(o);
    look_for_drift(o.drift, *model, options);
    generator::Session session(model, options);
    if (!record && std::ranges::none_of(timeline.changes(), &generator::PromptChange::cut)) {
        session.check_length(frames);
    }
    if (!o.prompt_embeds.empty()) {
        session.prompt().set_embeds(read_embeds(o.prompt_embeds, model->transformer().config()),
                                    o.prompt_embeds);
        timeline = {};
    }
    const auto steer = record ? record->steer() : generator::steer_by(timeline);
    const auto steer_motion = steer_by_motion(o.motion, *model, frames);
    const auto steer_both = [&](generator::Session& s) {
        steer(s);
        steer_motion(s);
    };
    o.video.height = model->config().height;
    o.video.width = model->config().width;
    o.video.frame_rate = FrameRate::parse(fmt::format("{}", frame_rate));
    generator::ThreadedWriter writer(std::make_unique<LateWriter>(
        make_frame_writer(o.output, o.video), record ? record->first_frame : 0));
    LatentsFile latents(o.dump_latents);
    Progress progress("generate", frames);
    const generator::Stopwatch watch;
    int64_t done = 0;
    const auto on_chunk = [&](const generator::Chunk& chunk) {
        latents.add(chunk.latents);
        tell_drift(chunk.receipt, frame_rate);
        const int64_t count = std::min(chunk.frames.extent(0), frames - done);
        done += count;
        progress.advance(
            count,
            fmt::format(
                "{:.2f}x real time, prompt {}/{}",
                static_cast<double>(done) / frame_rate / watch.seconds(), chunk.receipt.prompt + 1,
                record ? record->changes.size() : std::max<size_t>(1, timeline.changes().size())));
    };
    const auto report = generator::record_take(session, steer_both, frames, writer, on_chunk,
                                               [] { return interrupted(); });
    writer.finish();
    latents.write();
    progress.finish();
    fmt::print(stderr, "{}\n", summary_of(report, frame_rate));
    if (report.stopped) {
        throw Interrupted{};
    }
}

}  // namespace

void add_generate(CLI::App& app) {
    auto o = std::make_shared<GenerateOptions>();
    auto* command =
        app.add_subcommand("generate", "Make a video from a prompt or a script of them");
    auto* prompt = command->add_option(
        "-p,--prompt", o->prompt,
        "What to show; \"0s: a | 10s: b | 20s!: c\" changes it over time, ! marks a hard cut");
    prompt->capture_default_str();
    auto* script =
        command->add_option("--script", o->script, "File of prompts, one \"time: text\" per line");
    script->excludes(prompt);
    auto* replay =
        command
            ->add_option("--replay", o->replay,
                         "The .json beside a recording of `longtake view`: makes that take again")
            ->excludes(prompt)
            ->excludes(script);
    auto* seconds = command->add_option("-s,--seconds", o->seconds, "Length: 90, 1m30s or 01:30");
    seconds->capture_default_str();
    command->add_option("--frames", o->frames, "Length in frames")
        ->check(CLI::PositiveNumber)
        ->excludes(seconds);
    command->add_option("--seed", o->seed, "Another seed is another video")->capture_default_str();
    command->add_option("--image", o->image, "Picture the video begins with");
    command
        ->add_option("-o,--output", o->output,
                     "Video file, folder for PNGs, stream address, or - for stdout")
        ->capture_default_str();
    command->add_option("--codec", o->video.codec,
                        "h264, h265, av1, vp9, ffv1, raw or an encoder's name");
    command
        ->add_option("--stream-format", o->video.stream_format,
                     "What stdout or a pipe gets: mp4, mkv, ts, flv, y4m or raw")
        ->capture_default_str();
    command->add_option("--crf", o->video.crf, "Quality, lower is better")
        ->check(CLI::Range(0, 63));
    for (CLI::Option* motion : add_motion_options(*command, o->motion)) {
        replay->excludes(motion);
    }
    add_model_options(*command, o->model);
    add_drift_options(*command, o->drift);
    command->add_option("--noise", o->noise, "Safetensors file to take the noise from")
        ->group("Comparison");
    command->add_option("--prompt-embeds", o->prompt_embeds, "Safetensors file with prompt_embeds")
        ->group("Comparison")
        ->excludes(prompt)
        ->excludes(script);
    command
        ->add_option("--dump-latents", o->dump_latents, "Safetensors file to write the latents to")
        ->group("Comparison");
    command->footer(
        "Example:\n  longtake generate --seconds 8 -o ball.mp4 \\\n"
        "      --prompt \"0s: a red ball rolls right on green grass | 4s: a blue cube spins at "
        "night\"");
    command->callback([o] {
        within_memory("the take",
                      "choose a smaller window of the cache, end other programs, or --device cpu",
                      [&] { run(*o); });
    });
}

}  // namespace longtake::cli
