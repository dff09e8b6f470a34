#pragma once

#include "core/video_writer.h"
#include "generator/control/prompt_timeline.h"
#include "generator/session.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace longtake::generator {

struct ChunkTimes {
    int64_t frames = 0;  // of the video
    double diffuse_ms = 0, decode_ms = 0, finalize_ms = 0;
};

// What a take cost and how far it came.
struct TakeReport {
    int64_t frames = 0;  // written
    double first_frame_seconds = 0;
    double seconds = 0;
    bool stopped = false;
    std::vector<ChunkTimes> chunks;  // finalize_ms of the last one is 0
};

// Called at every chunk border; what it sets is in force from there on.
using Steer = std::function<void(Session&)>;

Steer steer_by(const PromptTimeline& timeline);

// Makes `frames` frames of video, steered chunk by chunk, and hands them to `out`, which it does
// not finish. `on_chunk` sees every chunk right after it was handed over.
TakeReport record_take(Session& session, const Steer& steer, int64_t frames, FrameWriter& out,
                       const std::function<void(const Chunk&)>& on_chunk = {},
                       const Stop& stop = {});

}  // namespace longtake::generator
