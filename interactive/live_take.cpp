#include "interactive/live_take.h"

#include "core/error.h"
#include "core/image.h"

#include <omp.h>
#include <chrono>

#include <algorithm>
#include <utility>

namespace longtake::interactive {

using generator::BeginTake;
using generator::PlanPrompts;
using generator::PromptChange;
using generator::ShowPrompt;

LiveTake::LiveTake(LiveOptions options, generator::ControlQueue& controls, Recorder& recorder)
    : options_(std::move(options)), controls_(controls), recorder_(recorder) {}

std::optional<MadeChunk> LiveTake::make(const generator::Stop& stop) {
    take_up_controls();
    check(session_ != nullptr, "chunks of a take that was not begun");
    take_up_plan();
    take_up_video();
    bool stopped = false;
    const generator::Chunk chunk =
        step_past_bad_prompts([&] { return stop() || controls_.takes() != take_; }, stopped);
    if (stopped) {
        return std::nullopt;
    }
    contents_.follow(session_->memory());
    keep_record(chunk);
    MadeChunk made;
    made.frames = chunk.frames.clone();
    if (options_.frames_on_gpu && !chunk.on_gpu.empty()) {
        made.on_gpu = on_gpu_.keep(chunk.on_gpu);
    }
    made.receipt = chunk.receipt;
    made.take = take_;
    made.revision = revision_;
    made.prompt = session_->prompt().text();
    made.motion = chunk.motion;
    made.cache.assign(contents_.slots().begin(), contents_.slots().end());
    made.finalize_ms = std::exchange(finalize_ms_, 0);
    made.complaints = std::exchange(complaints_, {});
    recorder_.tap(chunk.frames, chunk.receipt.first_frame, record_, image_);
    return made;
}

void LiveTake::finish() {
    if (session_) {
        finalize_ms_ = session_->finalize();
    }
}

void LiveTake::take_up_controls() {
    for (const auto& [revision, control] : controls_.take()) {
        revision_ = revision;
        if (const auto* wanted = std::get_if<BeginTake>(&control)) {
            begin(*wanted);
        } else if (const auto* plan = std::get_if<PlanPrompts>(&control)) {
            plan_ = plan->changes;
        } else if (const auto* show = std::get_if<ShowPrompt>(&control)) {
            prompt_ = show->text;
            cut_ |= show->cut;
            prompt_revision_ = revision;
            session_->prompt().set(show->text, show->cut);
        } else if (const auto* hold = std::get_if<generator::HoldPoints>(&control)) {
            session_->motion().set(hold->handles);
        } else if (const auto* camera = std::get_if<generator::MoveCamera>(&control)) {
            session_->motion().set(camera->move);
        } else if (const auto* all = std::get_if<generator::MoveAll>(&control)) {
            session_->motion().set(all->move);
        } else if (const auto* play = std::get_if<generator::PlayTracks>(&control)) {
            video_.reset();
            session_->motion().play(play->tracks);
        } else if (const auto* video = std::get_if<generator::FollowVideo>(&control)) {
            follow(video->address);
        }
    }
}

void LiveTake::begin(const BeginTake& wanted) {
    ++take_;
    recorder_.end_take();
    if (options_.threads > 0) {
        omp_set_num_threads(options_.threads);  // every thread has a number of its own
    }
    const auto& config = options_.model->config();
    const Tensor image = wanted.image.empty()
                             ? Tensor()
                             : resize_and_crop(wanted.image, config.height, config.width);
    generator::SessionOptions options{.cache = wanted.cache,
                                      .steps = options_.steps,
                                      .noise = generator::make_seeded_noise(wanted.seed),
                                      .image = image,
                                      .drift = generator::usual_drift_options(*options_.model)};
    contents_.reset();
    video_.reset();
    plan_.clear();
    cut_ = false;
    try {
        session_ = std::make_unique<generator::Session>(options_.model, options);
        image_ = image;
        record_ = {.model = options_.model_name,
                   .device = options_.device,
                   .precision = options_.precision,
                   .seed = wanted.seed,
                   .cache = wanted.cache,
                   .steps = options_.steps,
                   .chunk = config.chunk_frames,
                   .image = {},
                   .changes = {},
                   .drift = {},
                   .tracks = {},
                   .motion = {}};
    } catch (const InputError& e) {
        if (session_ == nullptr) {
            throw;
        }
        complaints_.emplace_back(e.what());  // and the same take again
        record_.changes.clear();
        record_.drift.clear();
        record_.motion.clear();
        session_->reset();
    }
    if (!prompt_.empty()) {
        session_->prompt().set(prompt_, false);
    }
}

// From the next chunk on.
void LiveTake::follow(const std::string& video) {
    constexpr float kAcross = 24;  // points
    const auto& config = options_.model->config();
    video_.reset();
    session_->motion().play({});
    if (video.empty()) {
        return;
    }
    video_.emplace(video, generator::TrackFrame{config.width, config.height, config.frame_rate},
                   static_cast<float>(config.width) / kAcross);
    video_from_ = session_->video_frames();
}

// What the video does in the frames to come.
void LiveTake::take_up_video() {
    if (!video_) {
        return;
    }
    try {
        const bool late = video_->late();
        session_->motion().play(video_->at(session_->video_frames() - video_from_,
                                           session_->next_frames(), options_.patience));
        if (video_->late() && !late) {
            complaints_.emplace_back("the video that moves the take is late; the take goes on");
        }
    } catch (const InputError& e) {
        complaints_.emplace_back(e.what());
        video_.reset();
    }
}

void LiveTake::take_up_plan() {
    const double now =
        static_cast<double>(session_->video_frames()) / options_.model->config().frame_rate;
    const auto later = std::ranges::upper_bound(plan_, now + 5e-4, {}, &PromptChange::seconds);
    for (auto due = plan_.begin(); due != later; ++due) {
        prompt_ = due->text;
        cut_ |= due->cut;
        prompt_revision_ = 0;
        session_->prompt().set(due->text, due->cut);
    }
    plan_.erase(plan_.begin(), later);
}

generator::Chunk LiveTake::step_past_bad_prompts(const generator::Stop& stop, bool& stopped) {
    const auto step = [&] {
        auto chunk = session_->step(stop);
        stopped = !chunk;
        return chunk ? std::move(*chunk) : generator::Chunk{};
    };
    try {
        return step();
    } catch (const InputError& e) {
        if (session_->prompt().empty() || prompt_ == session_->prompt().text()) {
            throw;
        }
        complaints_.emplace_back(e.what());
        prompt_ = session_->prompt().text();
    }
    return step();
}

void LiveTake::keep_record(const generator::Chunk& chunk) {
    const generator::Receipt& receipt = chunk.receipt;
    if (!chunk.motion.empty()) {
        record_.motion.push_back({receipt.first_frame, chunk.motion});
    }
    if (receipt.drift && receipt.drift->alarm) {
        record_.drift.push_back(receipt.first_frame);
    }
    const std::string& text = session_->prompt().text();
    const bool cut = std::exchange(cut_, false) && receipt.cut;
    if (record_.changes.empty() || cut || record_.changes.back().prompt != text) {
        record_.changes.push_back({.chunk = receipt.chunk,
                                   .frame = receipt.first_frame,
                                   .revision = prompt_revision_,
                                   .prompt = text,
                                   .cut = cut});
    }
}

}  // namespace longtake::interactive
