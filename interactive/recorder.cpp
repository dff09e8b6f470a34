#include "interactive/recorder.h"

#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "generator/threaded_writer.h"
#include "interactive/free_name.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

namespace longtake::interactive {

Recorder::Recorder(std::filesystem::path folder, double frame_rate)
    : folder_(std::move(folder)), frame_rate_(frame_rate) {}

Recorder::~Recorder() {
    stop();
}

void Recorder::start() {
    const std::lock_guard lock(mutex_);
    state_ = {.on = true, .frames = 0, .file = {}, .complaint = {}};
}

void Recorder::stop() {
    const std::lock_guard lock(mutex_);
    state_.on = false;
    close();
}

Recorder::State Recorder::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void Recorder::forget_complaint() {
    const std::lock_guard lock(mutex_);
    state_.complaint.clear();
}

void Recorder::tap(const Tensor& frames, int64_t first_frame, const generator::TakeRecord& take,
                   const Tensor& image) {
    const std::lock_guard lock(mutex_);
    if (!state_.on) {
        return;
    }
    try {
        if (!writer_) {
            open(first_frame, take, image, frames.extent(1), frames.extent(2));
        }
        writer_->write(frames);
        state_.frames += frames.extent(0);
        record_.changes = take.changes;
        add_tracks(take.motion);
        record_.frames = state_.frames;
        record_.write(folder_ / std::filesystem::path(state_.file).replace_extension("json"));
    } catch (const Error& e) {
        state_.complaint = fmt::format("recording ended: {}", e.what());
        state_.on = false;
        writer_.reset();
    }
}

// Only ever adds: a recording that is killed keeps what it has.
void Recorder::add_tracks(const std::vector<generator::TrackedChunk>& motion) {
    if (tracked_ == motion.size()) {
        return;
    }
    record_.tracks = std::filesystem::path(state_.file).replace_extension("tracks.jsonl").string();
    const auto path = folder_ / record_.tracks;
    std::ofstream out(path, std::ios::app | std::ios::binary);
    for (; tracked_ < motion.size(); ++tracked_) {
        out << generator::line_of(motion[tracked_]);
    }
    out.flush();
    check(out.good(), "{}: {}", path.string(), system_reason());
}

void Recorder::end_take() {
    const std::lock_guard lock(mutex_);
    close();
}

void Recorder::open(int64_t first_frame, const generator::TakeRecord& take, const Tensor& image,
                    int64_t height, int64_t width) {
    const std::string name = free_name(folder_);
    record_ = take;
    record_.first_frame = first_frame;
    record_.image.clear();
    record_.tracks.clear();
    record_.motion.clear();
    tracked_ = 0;
    if (!image.empty()) {
        record_.image = name + ".start.png";
        write_png(folder_ / record_.image, image);
    }
    VideoOptions options;
    options.height = height;
    options.width = width;
    options.frame_rate = FrameRate::parse(fmt::format("{}", frame_rate_));
    options.codec = "ffv1";
    state_.file = name + ".mkv";
    state_.frames = 0;
    writer_ = std::make_unique<generator::ThreadedWriter>(
        make_frame_writer((folder_ / state_.file).string(), options));
}

void Recorder::close() {
    if (auto writer = std::exchange(writer_, nullptr)) {
        try {
            writer->finish();
        } catch (const Error& e) {
            state_.complaint = fmt::format("recording ended: {}", e.what());
        }
    }
}

}  // namespace longtake::interactive
