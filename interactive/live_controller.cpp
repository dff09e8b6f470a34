#include "interactive/live_controller.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kLately = 2;        // seconds over which the rate is measured
constexpr double kRemembered = 300;  // seconds of tracks that can be saved

}  // namespace

LiveController::LiveController(LiveSetup setup, double now)
    : setup_(std::move(setup)), pacer_(setup_.frame_rate) {
    plan_.set_planned(setup_.prompts);
    begin_take(now);
}

bool LiveController::advance(double now) {
    const auto next = [&] { return queue_.pop(controls_.takes()); };
    if (!pacer_.advance(now, queue_.waiting(), next)) {
        return false;
    }
    if (pacer_.frame_in_chunk() == 0) {
        take_over(*pacer_.chunk(), now);
    }
    shown_at_.push_back(now);
    while (shown_at_.front() < now - kLately) {
        shown_at_.pop_front();
    }
    return true;
}

void LiveController::take_over(const MadeChunk& chunk, double now) {
    latency_.shown(chunk.revision, now);
    acknowledged_ = chunk.revision;
    if (!chunk.motion.empty()) {
        motion_.push_back({chunk.receipt.first_frame, chunk.motion});
    }
    const auto oldest = static_cast<int64_t>(kRemembered * setup_.frame_rate);
    while (!motion_.empty() && motion_.front().frame < chunk.receipt.first_frame - oldest) {
        motion_.pop_front();
    }
    plan_.took_effect(static_cast<double>(chunk.receipt.first_frame) / setup_.frame_rate,
                      chunk.prompt, chunk.receipt.cut);
}

render::VideoFrame LiveController::frame() const {
    const MadeChunk* chunk = pacer_.chunk();
    if (chunk == nullptr) {
        return {};
    }
    return {chunk->on_gpu.empty() ? chunk->frames : chunk->on_gpu, pacer_.frame_in_chunk()};
}

int64_t LiveController::post(generator::Control control, double now) {
    asked_ = controls_.post(std::move(control));
    latency_.posted(asked_, now);
    return asked_;
}

void LiveController::begin_take(double now) {
    post(generator::BeginTake{setup_.seed, setup_.cache, setup_.image}, now);
    plan_.rewind();
    const auto planned = plan_.planned();
    post(generator::PlanPrompts{{planned.begin(), planned.end()}}, now);
    motion_.clear();
    std::erase_if(handles_, [](const generator::Handle& handle) {
        return handle.kind == generator::Handle::Kind::Dragged;
    });
    if (!handles_.empty()) {
        post(generator::HoldPoints{handles_}, now);
    }
    if (!camera_.still()) {
        post(generator::MoveCamera{camera_}, now);
    }
    if (!setup_.video.empty()) {
        post(generator::FollowVideo{setup_.video}, now);
    }
    if (!layer_.still()) {
        post(generator::MoveAll{layer_}, now);
    }
    pacer_.drop();
    queue_.pop(controls_.takes());  // what waits is of the take before
}

void LiveController::restart(double now) {
    begin_take(now);
}

void LiveController::restart(uint64_t seed, double now) {
    setup_.seed = seed;
    begin_take(now);
}

void LiveController::send_prompt(const std::string& text, bool cut, double now) {
    post(generator::ShowPrompt{text, cut}, now);
}

size_t LiveController::add_planned(generator::PromptChange change, double now) {
    const size_t at = plan_.add(std::move(change), made_until());
    set_planned({plan_.planned().begin(), plan_.planned().end()}, now);
    return at;
}

size_t LiveController::edit_planned(size_t i, generator::PromptChange change, double now) {
    const size_t at = plan_.edit(i, std::move(change), made_until());
    set_planned({plan_.planned().begin(), plan_.planned().end()}, now);
    return at;
}

void LiveController::remove_planned(size_t i, double now) {
    plan_.remove(i);
    set_planned({plan_.planned().begin(), plan_.planned().end()}, now);
}

void LiveController::set_planned(std::vector<generator::PromptChange> changes, double now) {
    plan_.set_planned(changes);
    post(generator::PlanPrompts{std::move(changes)}, now);
}

void LiveController::hold(std::vector<generator::Handle> handles, double now) {
    handles_ = std::move(handles);
    post(generator::HoldPoints{handles_}, now);
}

void LiveController::move_camera(const generator::CameraMove& move, double now) {
    if (move != camera_) {
        camera_ = move;
        post(generator::MoveCamera{move}, now);
    }
}

void LiveController::move_all(const generator::GlobalMove& move, double now) {
    if (move != layer_) {
        layer_ = move;
        post(generator::MoveAll{move}, now);
    }
}

void LiveController::follow_video(const std::string& address, double now) {
    setup_.video = address;
    post(generator::FollowVideo{address}, now);
}

void LiveController::play_tracks(generator::Tracks tracks, double now) {
    setup_.video.clear();
    post(generator::PlayTracks{std::move(tracks)}, now);
}

void LiveController::set_cache(const std::string& text, double now) {
    generator::make_cache_policy(text, setup_.cache_defaults);
    setup_.cache = text;
    begin_take(now);
}

void LiveController::set_image(Tensor image, double now) {
    setup_.image = std::move(image);
    begin_take(now);
}

double LiveController::seconds() const {
    return static_cast<double>(std::max<int64_t>(0, pacer_.frame())) / setup_.frame_rate;
}

double LiveController::made_until() const {
    const MadeChunk* chunk = pacer_.chunk();
    return chunk == nullptr
               ? 0
               : static_cast<double>(chunk->receipt.first_frame + chunk->frames.extent(0)) /
                     setup_.frame_rate;
}

double LiveController::shown_rate(double now) const {
    if (shown_at_.size() < 2 || shown_at_.back() < now - kLately) {
        return 0;
    }
    return static_cast<double>(shown_at_.size() - 1) / (shown_at_.back() - shown_at_.front());
}

}  // namespace longtake::interactive
