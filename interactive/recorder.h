#pragma once

#include "core/video_writer.h"
#include "generator/take_record.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace longtake::interactive {

// Taps the take where its frames are made: every frame exactly once, losslessly, whatever the
// screen shows; and beside it, as JSON, what is needed to make the take again. A new take begins a
// new file. Called from the thread that watches and the one that makes chunks.
class Recorder {
  public:
    // Files go into `folder` as longtake-001.mkv, longtake-001.json ...
    Recorder(std::filesystem::path folder, double frame_rate);
    ~Recorder();

    void start();
    void stop();
    struct State {
        bool on = false;
        int64_t frames = 0;     // of the file that is being written
        std::string file;       // being written, or written last
        std::string complaint;  // why it ended by itself
    };
    State state() const;
    void forget_complaint();

    // From the thread that makes chunks: frames [T, H, W, 3] that begin at `first_frame` of the
    // take, which is `take` so far. `image`: what the take began with.
    void tap(const Tensor& frames, int64_t first_frame, const generator::TakeRecord& take,
             const Tensor& image);
    // The take is over.
    void end_take();

  private:
    void open(int64_t first_frame, const generator::TakeRecord& take, const Tensor& image,
              int64_t height, int64_t width);
    void add_tracks(const std::vector<generator::TrackedChunk>& motion);
    void close();

    const std::filesystem::path folder_;
    const double frame_rate_;
    mutable std::mutex mutex_;
    State state_;
    std::unique_ptr<FrameWriter> writer_;  // while a file is open
    generator::TakeRecord record_;
    size_t tracked_ = 0;  // chunks of its motion that are in the file of tracks
};

}  // namespace longtake::interactive
