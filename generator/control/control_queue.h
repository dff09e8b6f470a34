#pragma once

#include "core/tensor.h"
#include "generator/control/global_layer.h"
#include "generator/control/handle.h"
#include "generator/control/prompt_timeline.h"
#include "generator/tracks/tracks.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace longtake::generator {

// What somebody who watches a take may ask of it.
struct ShowPrompt {
    std::string text;
    bool cut = false;  // the take forgets what was before
};
// Prompts to come, instead of those that were planned before; times in seconds of the take.
struct PlanPrompts {
    std::vector<PromptChange> changes;
};
// A new take, from an empty memory.
struct BeginTake {
    uint64_t seed = 0;
    std::string cache;  // see make_cache_policy
    Tensor image = {};  // [H, W, 3] it begins with; empty: none
};
// What hands hold from now on, and how the camera moves; see MotionState.
struct HoldPoints {
    std::vector<Handle> handles;
};
struct MoveCamera {
    CameraMove move;
};
// On top of what is played, static and drawn; see GlobalMove.
struct MoveAll {
    GlobalMove move;
};
struct PlayTracks {
    Tracks tracks;
};
// The motion of a video, stream or camera, as it comes, instead of tracks; empty: none any more.
struct FollowVideo {
    std::string address;
};
using Control = std::variant<ShowPrompt, PlanPrompts, BeginTake, HoldPoints, MoveCamera, MoveAll,
                             PlayTracks, FollowVideo>;

// The way of controls from those who watch to the thread that makes chunks. They are numbered from
// 1 as they come, wait for the next chunk border, and take effect there in that order; the number
// of the last one is the revision of the chunk.
class ControlQueue {
  public:
    struct Numbered {
        int64_t revision;
        Control control;
    };

    int64_t post(Control control);  // its revision
    std::vector<Numbered> take();   // all that wait
    bool waiting() const;
    // How many takes have been asked for; what was made for an earlier one is of no use any more.
    int64_t takes() const;

  private:
    mutable std::mutex mutex_;
    std::vector<Numbered> waiting_;
    int64_t newest_ = 0;
    int64_t takes_ = 0;
};

}  // namespace longtake::generator
