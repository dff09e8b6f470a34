#include "tools/longtake/encode_stream.h"

#include "core/error.h"
#include "core/frame_rate.h"
#include "core/image.h"
#include "core/progress.h"
#include "gaussians/codec/stream_writer.h"
#include "gaussians/scene/camera_path.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/encode_budget.h"
#include "tools/longtake/encode_moment.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

namespace longtake::cli {
namespace {

using gaussians::FixedCloud;
using gaussians::ResidualTrainer;
using gaussians::StreamInfo;
using gaussians::StreamWriter;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What settings a stream was made with, so that it is gone on with under no others.
std::string settings_of(const EncodeOptions& o, const gaussians::ResidualOptions& r) {
    return fmt::format(
        "preset {}{}, {} rounds, gates {}{}, pool {}, masked {}, steps of {} pixels{}, keys every "
        "{}, "
        "degree {}, seed {}, scale {}, test {}",
        o.preset, o.budget.empty() ? "" : fmt::format(" of {}", fmt::join(o.budget, ", ")),
        r.rounds, static_cast<int>(r.gates), r.gate_latents ? " before all" : "", r.pool,
        r.masked_share, r.move_pixels, r.remove_dead ? ", unseen ones go" : "", o.key_every,
        o.degree, o.seed, o.scale, fmt::join(o.test, " "));
}

// What the frames so far came to.
struct Totals {
    int64_t frames = 0, residuals = 0;
    double psnr = 0, bytes = 0, residual_bytes = 0, seconds = 0;
};

// The frames of a stream in their order: the first is learnt as a moment, the others as what they
// change. A segment is a function of the state before it and its pictures, so that it does not
// matter who encoded that.
class StreamEncoder {
  public:
    StreamEncoder(const EncodeOptions& o, const gaussians::ResidualOptions& options,
                  const StreamInfo& info, double extent)
        : o_(o),
          options_(options),
          extent_(extent),
          device_(device_of(o.device)),
          control_(stream_budget(o), {.rounds = options.rounds, .gate_cost = options.gate_cost},
                   o.key_every, segment_seconds(o)),
          writer_(StreamWriter::can_resume(o.output, info) ? StreamWriter::resume(o.output, info)
                                                           : StreamWriter(o.output, info)) {}

    int64_t frames() const { return writer_.frame_count(); }
    const Totals& totals() const { return totals_; }

    // The frame before the next one to write, of a stream that is gone on with.
    void resume(Views views) { before_ = std::move(views); }

    // Writes the next frame; false when it was interrupted, and nothing is written.
    bool add(Views views, const gaussians::Points& points, const Start& begin);
    // Of the last frame.
    std::string text() const { return text_; }
    void finish() { writer_.finish(); }

  private:
    bool first(const Views& views, const gaussians::Points& points, const Start& begin);
    bool next(const Views& views, bool key);
    gaussians::ResidualOptions options_now(size_t views) const;
    void report(const Views& views, double seconds, bool key);

    const EncodeOptions& o_;
    gaussians::ResidualOptions options_;
    double extent_;
    Device device_;
    gaussians::RateControl control_;
    StreamWriter writer_;
    std::optional<ResidualTrainer> trainer_;  // of the segment, once it has a frame to learn
    std::optional<Views> before_;
    Totals totals_;
    std::string text_;
};

bool StreamEncoder::add(Views views, const gaussians::Points& points, const Start& begin) {
    const auto start = std::chrono::steady_clock::now();
    const int64_t number = writer_.frame_count();
    const bool key = number % o_.key_every == 0;
    if (key) {
        control_.begin_segment();
    }
    if (number == 0 ? !first(views, points, begin) : !next(views, key)) {
        return false;
    }
    const double seconds = seconds_since(start);
    control_.spent(writer_.last().bytes, number == 0 ? 0 : seconds, key);
    report(views, seconds, key);
    before_ = std::move(views);
    return true;
}

bool StreamEncoder::first(const Views& views, const gaussians::Points& points, const Start& begin) {
    const auto training = training_options(o_, views.learnt.size());
    std::vector<gaussians::TrainingView> here = views.learnt;
    for (gaussians::TrainingView& view : here) {
        view.image = view.image.to(Device::Cpu);
    }
    gaussians::StaticTrainer trainer(here, first_points(o_, begin, points, here), training,
                                     device_);
    learn_moment(o_, trainer, training, here[0]);
    if (interrupted()) {
        return false;
    }
    constexpr double kReach = 0x1p30;  // steps: half of what a stream holds
    const float step = writer_.info().mean_step;
    trainer.keep_visible(kReach * static_cast<double>(step));
    writer_.key(to_fixed(trainer.cloud(), trainer.latents(), step));
    return true;
}

// A key's frame is learnt from the state before it like any other, but by a trainer of its own.
bool StreamEncoder::next(const Views& views, bool key) {
    if (key || !trainer_) {
        trainer_.reset();
        trainer_.emplace(before_->learnt, writer_.state(), extent_, options_, device_);
    }
    if (!o_.budget.empty()) {
        trainer_->set_options(options_now(views.learnt.size()));
    }
    std::vector<Tensor> images;
    for (const gaussians::TrainingView& view : views.learnt) {
        images.push_back(view.image);
    }
    const auto residual = trainer_->next(images, [] { return !interrupted(); });
    if (!residual) {
        return false;
    }
    if (key) {
        writer_.key(trainer_->state());
        trainer_.reset();
    } else {
        writer_.residual(*residual);
    }
    return true;
}

// As the budget leaves it.
gaussians::ResidualOptions StreamEncoder::options_now(size_t views) const {
    const gaussians::Effort effort = control_.next();
    EncodeOptions o = o_;
    o.rounds = effort.rounds;
    gaussians::ResidualOptions options = residual_options(o, views);
    options.gate_cost = effort.gate_cost;
    return options;
}

void StreamEncoder::report(const Views& views, double seconds, bool key) {
    const gaussians::Cloud cloud = to_cloud(writer_.state());
    const gaussians::FrameHeader& frame = writer_.last();
    const gaussians::TrainingView& watched = views.watched();
    const double psnr = errors_of(cloud, watched, options_.render).psnr();
    ++totals_.frames;
    totals_.psnr += psnr;
    totals_.bytes += frame.bytes;
    if (!key) {
        ++totals_.residuals;
        totals_.residual_bytes += frame.bytes;
        totals_.seconds += seconds;
    }
    text_ = fmt::format("{:.2f} dB, {:.1f} kB, {:.2f} s, {} of {} Gaussians changed", psnr,
                        frame.bytes / 1e3, seconds, frame.changed, frame.count);
    fmt::print("frame {}: {}{}\n", writer_.info().first_frame + writer_.frame_count() - 1, text_,
               key ? " (key)" : "");
    std::fflush(stdout);
    if (!o_.preview.empty()) {
        write_png(o_.preview, side_by_side(cloud, watched, options_.render));
    }
}

void print_totals(const EncodeOptions& o, const Totals& t, const Views& last, double gpu_mib) {
    fmt::print(
        "{}: {} frames, {:.2f} dB on average of {}; a residual has {:.1f} kB and takes "
        "{:.2f} s; peak memory {:.0f} MiB{}\n",
        o.output, t.frames, t.psnr / static_cast<double>(std::max<int64_t>(1, t.frames)),
        last.watched_name(),
        t.residual_bytes / 1e3 / static_cast<double>(std::max<int64_t>(1, t.residuals)),
        t.seconds / static_cast<double>(std::max<int64_t>(1, t.residuals)), peak_resident_mib(),
        gpu_mib > 0 ? fmt::format(" and {:.0f} MiB of the GPU", gpu_mib) : "");
}

}  // namespace

void encode_stream(const EncodeOptions& given) {
    const Device device = device_of(given.device);
    stream_budget(given);  // is it one?
    const FrameRange range = frame_range(given);
    const FrameRate frame_rate = FrameRate::parse(given.frame_rate);
    const Start begin = read_start(given.points);
    check_input(given.degree == 0 || given.latents.value_or(1) > 0,
                "--latents 0: a stream's harmonics are made of latents");
    gaussians::Dataset dataset = gaussians::Dataset::open(given.dataset);
    const Views seen = load_views(given, dataset, range.first);
    const EncodeOptions o = within_budget(given, seen);
    const auto free = [&] { return static_cast<double>(memory_of(device).free) / (1 << 20); };
    const double free_before = free();
    const double extent = scene_extent(seen.learnt, dataset.points());
    const auto training = training_options(o, seen.learnt.size());
    const auto residuals = residual_options(o, seen.learnt.size());
    StreamInfo info{.frame_rate = frame_rate,
                    .sh_degree = o.degree,
                    .latents = o.degree == 0 ? 0 : training.latents,
                    .mean_step = gaussians::mean_step_of(extent),
                    .first_frame = range.first - o.frame,
                    .near = training.render.near,
                    .cameras = {},
                    .notes = {{"encoder", "longtake " LONGTAKE_VERSION},
                              {"settings", settings_of(o, residuals)}}};
    for (const gaussians::TrainingView& view : seen.learnt) {
        info.cameras.push_back(view.camera);
    }
    StreamEncoder encoder(o, residuals, info, extent);
    const int64_t done = encoder.frames();
    if (done > 0) {
        fmt::print("{}.partial: going on after {} frames\n", o.output, done);
        encoder.resume(load_views(o, dataset, range.first + done - 1));
    }
    const gaussians::Points points = dataset.points();
    const auto frames = dataset.frame_count();
    FrameLoader loader(o, std::move(dataset), device, {range.first + done, range.end});
    const int64_t total =
        frames && !o.follow ? std::min(*frames, range.end) - range.first - done : 0;
    Progress progress("encode", std::max<int64_t>(0, total));
    double least_free = free_before;
    int64_t behind = 1;  // the last frame is always left for later
    while (!interrupted()) {
        std::optional<Views> views = loader.next();
        if (!views || !encoder.add(std::move(*views), points, begin)) {
            break;
        }
        least_free = std::min(least_free, free());
        const int64_t waiting = o.follow ? loader.waiting() : 0;
        if (waiting > behind) {
            fmt::print(stderr, "{} frames behind the recording\n", waiting);
        }
        behind = waiting > 1 ? std::max(behind, waiting) : 1;
        progress.advance(1, encoder.text());
    }
    progress.finish();
    if (interrupted() && !o.follow) {
        fmt::print(
            "{0}.partial: {1} frames; it can be played, and the same command goes on with "
            "it after its last whole segment\n",
            o.output, encoder.frames());
        throw Interrupted{};
    }
    encoder.finish();
    gaussians::write_camera_path(gaussians::camera_path_of(o.output), info.cameras,
                                 training.render.near);
    const double gpu_mib = device == Device::Cuda ? free_before - least_free : 0;
    print_totals(o, encoder.totals(), seen, gpu_mib);
    const Totals& t = encoder.totals();
    print_budget(
        o, {.bytes_a_frame = t.bytes / static_cast<double>(std::max<int64_t>(1, t.frames)),
            .seconds_a_frame = t.seconds / static_cast<double>(std::max<int64_t>(1, t.residuals)),
            .memory_mib = device == Device::Cuda ? gpu_mib : peak_resident_mib()});
}

}  // namespace longtake::cli
