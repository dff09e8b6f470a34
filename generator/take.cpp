#include "generator/take.h"

#include "generator/stopwatch.h"

#include <algorithm>

namespace longtake::generator {

Steer steer_by(const PromptTimeline& timeline) {
    return [timeline, applied = size_t{0}](Session& session) mutable {
        const auto changes = timeline.changes();
        const double now =
            static_cast<double>(session.video_frames()) / session.model().config().frame_rate;
        const size_t due = changes.empty() ? 0 : timeline.at(now) + 1;
        for (; applied < due; ++applied) {
            session.prompt().set(changes[applied].text, changes[applied].cut);
        }
    };
}

TakeReport record_take(Session& session, const Steer& steer, int64_t frames, FrameWriter& out,
                       const std::function<void(const Chunk&)>& on_chunk, const Stop& stop) {
    const Stopwatch watch;
    TakeReport report;
    while (report.frames < frames && !report.stopped) {
        steer(session);
        const auto chunk = session.step(stop);
        if (!chunk) {
            report.stopped = true;
            break;
        }
        const int64_t count = std::min(chunk->frames.extent(0), frames - report.frames);
        out.write(chunk->frames.slice(0, count));
        if (report.frames == 0) {
            report.first_frame_seconds = watch.seconds();
        }
        report.frames += count;
        if (on_chunk) {
            on_chunk(*chunk);
        }
        report.chunks.push_back({.frames = chunk->frames.extent(0),
                                 .diffuse_ms = chunk->receipt.diffuse_ms,
                                 .decode_ms = chunk->receipt.decode_ms});
        if (report.frames < frames) {
            report.stopped = stop && stop();
            report.chunks.back().finalize_ms = report.stopped ? 0 : session.finalize();
        }
    }
    report.seconds = watch.seconds();
    return report;
}

}  // namespace longtake::generator
