#pragma once

#include "generator/control/camera_tracks.h"
#include "generator/control/global_layer.h"
#include "generator/control/handle.h"
#include "generator/control/plane_camera.h"
#include "generator/tracks/tracks.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace longtake::generator {

// How a take is asked to move: what hands hold, where the camera goes, and tracks from elsewhere,
// made into the tracks of one chunk after another. What is set takes effect with the next chunk.
class MotionState {
  public:
    MotionState(int64_t width, int64_t height, double frame_rate);

    // Instead of the handles before; those with an id that is known go on from where they are. A
    // handle that is not among them any more ends, a released one when it has come to its end.
    void set(const std::vector<Handle>& handles);
    void set(const CameraMove& camera) { move_ = camera; }
    // On top of what is played, static and drawn.
    void set(const GlobalMove& move) { global_move_ = move; }
    // A take whose depth is seen from its second chunk on: its camera moves before that, and asks
    // for nothing as long as it is not known. Else before a plane.
    void expect_depth() { expects_depth_ = true; }
    bool wants_depth() const { return expects_depth_ && !move_.still(); }
    void see(Depth depth);  // of the newest frame
    // From its first frame on, with the next chunk; instead of what is being played.
    void play(Tracks tracks);

    // Where the camera is, by the frame that is next.
    const PlaneCamera& camera() const { return view_.camera; }
    // The tracks of the next `frames` frames: points that are visible in any of them, by id.
    Tracks take_up(int64_t frames);

  private:
    struct Held {
        Handle handle;
        int32_t first_id = 0;  // of its points
        int64_t begun = 0;     // the frame it took effect with
        double consumed = 0;   // Dragged: seconds of the hand that are in the take already
        PlaneCamera placed;    // where the camera was then
        GlobalLayer layer;     // and the global layer
        Pinhole pose;          // and the camera in space
        double depth = 0;      // from there; 0: not known
        bool wanted = true;    // among those that were set last
    };
    struct Offset {
        float x, y;
        bool there;
    };
    class ChunkTracks;

    // Where the camera and the global layer are in a frame.
    struct View {
        PlaneCamera camera;
        GlobalLayer layer;
        Pinhole pose;
    };

    void add_played(const std::vector<View>& views, ChunkTracks& out) const;
    void add_handle(Held& held, const std::vector<View>& views, ChunkTracks& out) const;
    void add_camera(const std::vector<View>& views, ChunkTracks& out);
    void add_lattice(const std::vector<View>& views, ChunkTracks& out) const;
    TrackPoint in_view(const Held& held, const TrackPoint& place, const View& view) const;
    Offset offset(const Held& held, int64_t frame, int64_t frames, double until) const;
    double consumed_by(const Held& held, int64_t frames) const;

    double width_, height_, frame_rate_;
    std::map<int64_t, Held> held_;  // by the handle's id
    CameraMove move_;
    GlobalMove global_move_;
    View view_;
    bool expects_depth_ = false;
    std::optional<CameraTracks> scene_;
    double middle_ = 1;  // how far off it is
    Tracks played_;
    int64_t played_from_ = 0;  // the frame of the take its first frame is
    int64_t frame_ = 0;        // of the take, the next
    int32_t next_id_;
};

}  // namespace longtake::generator
