#pragma once

#include "generator/cache/policy.h"
#include "generator/control/control_queue.h"
#include "generator/tracks/track_log.h"
#include "interactive/chunk_queue.h"
#include "interactive/latency.h"
#include "interactive/pacer.h"
#include "interactive/prompt_plan.h"
#include "render/frame_upload.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace longtake::interactive {

struct LiveSetup {
    double frame_rate = 16;
    uint64_t seed = 0;
    std::string cache = "deep-forcing";
    generator::CacheDefaults cache_defaults = {};
    std::vector<generator::PromptChange> prompts = {};
    Tensor image = {};       // [H, W, 3] the take begins with; empty: none
    std::string video = {};  // whose motion it follows; empty: none
};

// A live take as the person in front of it sees it, without any window: what is on the screen, what
// was asked for, what has taken effect. One thread; times are in seconds of any steady clock.
class LiveController {
  public:
    LiveController(LiveSetup setup, double now);

    generator::ControlQueue& controls() { return controls_; }
    ChunkQueue& queue() { return queue_; }

    // True when another frame is to be shown.
    bool advance(double now);
    double due() const { return pacer_.due(); }
    // On the screen, of the GPU where the chunk is there, too; empty before the first.
    render::VideoFrame frame() const;

    void pause(bool on) { pacer_.pause(on); }
    void step_frame() { pacer_.step(); }
    // The take once more, under the prompts it had, planned and past.
    void restart(double now);
    void restart(uint64_t seed, double now);

    void send_prompt(const std::string& text, bool cut, double now);
    // Edits of what is planned; see PromptPlan.
    size_t add_planned(generator::PromptChange change, double now);
    size_t edit_planned(size_t i, generator::PromptChange change, double now);
    void remove_planned(size_t i, double now);
    void set_planned(std::vector<generator::PromptChange> changes, double now);

    // What hands hold; what is static or drawn holds in the next take, too.
    void hold(std::vector<generator::Handle> handles, double now);
    void move_camera(const generator::CameraMove& move, double now);
    void move_all(const generator::GlobalMove& move, double now);
    // In takes to come, too, each from its beginning; empty: none.
    void follow_video(const std::string& address, double now);
    void play_tracks(generator::Tracks tracks, double now);

    // Both begin the take anew. Throws InputError when there is no such policy.
    void set_cache(const std::string& text, double now);
    void set_image(Tensor image, double now);

    // Of the chunks that were shown, the newest minutes: what they were asked to follow.
    const std::deque<generator::TrackedChunk>& motion() const { return motion_; }
    const Pacer& pacer() const { return pacer_; }
    const PromptPlan& plan() const { return plan_; }
    const LatencyMeter& latency() const { return latency_; }
    uint64_t seed() const { return setup_.seed; }
    const std::string& cache() const { return setup_.cache; }
    const generator::CameraMove& camera() const { return camera_; }
    bool has_image() const { return !setup_.image.empty(); }
    double frame_rate() const { return setup_.frame_rate; }
    double seconds() const;                   // of the take, on the screen
    double made_until() const;                // of the take: the end of the chunk on the screen
    double shown_rate(double now) const;      // frames a second, lately
    int64_t asked() const { return asked_; }  // newest revision
    int64_t acknowledged() const { return acknowledged_; }  // newest on the screen

  private:
    int64_t post(generator::Control control, double now);
    void begin_take(double now);
    void take_over(const MadeChunk& chunk, double now);

    LiveSetup setup_;
    std::vector<generator::Handle> handles_;
    generator::CameraMove camera_;
    generator::GlobalMove layer_;
    std::deque<generator::TrackedChunk> motion_;
    generator::ControlQueue controls_;
    ChunkQueue queue_;
    Pacer pacer_;
    PromptPlan plan_;
    LatencyMeter latency_;
    std::deque<double> shown_at_;
    int64_t asked_ = 0, acknowledged_ = 0;
};

}  // namespace longtake::interactive
