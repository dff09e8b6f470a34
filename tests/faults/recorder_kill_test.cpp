#include "interactive/recorder.h"

#include "core/error.h"
#include "core/video_reader.h"
#include "tests/core/media_testing.h"
#include "tests/core/temporary_folder.h"
#include "tests/faults/kill.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

// The viewer's recorder, killed at random moments.
namespace longtake::interactive {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kHeight = 48, kWidth = 64, kChunk = 12;
constexpr int64_t kRate = 16;  // frames a second, and in a group

generator::TrackedChunk track(int64_t frame) {
    generator::TrackedChunk chunk{.frame = frame, .tracks = generator::Tracks(kChunk, {1, 2})};
    chunk.tracks.at(0, 0) = {1, 2, true};
    return chunk;
}

// Records until it is killed; says how many frames it has handed over.
[[noreturn]] void record(const fs::path& folder, int tell) {
    Recorder recorder(folder, kRate);
    recorder.start();
    generator::TakeRecord take;
    take.changes.push_back({.prompt = "a red ball"});
    for (int64_t frame = 0;; frame += kChunk) {
        take.motion.push_back(track(frame));
        recorder.tap(synthetic_frames(frame, kChunk, kHeight, kWidth), frame, take, {});
        const int64_t handed = frame + kChunk;
        if (::write(tell, &handed, sizeof handed) != sizeof handed || !recorder.state().on) {
            ::_exit(1);
        }
    }
}

TEST(RecorderKilled, KeepsAllButTheGroupInFlight) {
    Moments moments(std::chrono::milliseconds(300));
    int64_t recorded = 0;
    for (int i = 0; i < kills(); ++i) {
        const TemporaryFolder folder;
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            record(folder.path(), ends[1]);
        }
        ::close(ends[1]);
        std::this_thread::sleep_for(moments.next());
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status));
        int64_t handed = 0;
        while (::read(ends[0], &handed, sizeof handed) == sizeof handed) {
        }
        ::close(ends[0]);
        // A chunk that waits, one that is encoded, and a group that is not full yet.
        const int64_t least = std::max<int64_t>(0, handed - 2 * kChunk - kRate + 1);
        const auto video = folder / "longtake-001.mkv.partial";
        if (least > 0) {
            const Tensor frames = read_video(video.string(), 100'000);
            EXPECT_GE(frames.extent(0), least);
            const Tensor expected = synthetic_frames(0, frames.extent(0), kHeight, kWidth);
            EXPECT_TRUE(same_bytes(frames, expected));
            recorded += frames.extent(0);
        }
        if (handed > 0) {
            const auto take = generator::TakeRecord::read(folder / "longtake-001.json");
            EXPECT_GE(take.frames, handed);
            EXPECT_GE(std::ssize(take.motion), handed / kChunk);
        }
    }
    EXPECT_GT(recorded, 0);
}

}  // namespace
}  // namespace longtake::interactive
