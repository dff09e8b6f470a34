#pragma once

#include "generator/control/control_queue.h"
#include "generator/take_record.h"
#include "interactive/chunk_maker.h"
#include "interactive/frame_store.h"
#include "interactive/live_motion.h"
#include "interactive/recorder.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::interactive {

struct LiveOptions {
    std::shared_ptr<const diffusion::VideoModel> model;
    std::string model_name;  // for the records
    std::string device = "cpu", precision = "fp32";
    std::vector<int> steps;                    // empty: the model's own
    int threads = 0;                           // that make chunks; 0: as many as the machine offers
    bool frames_on_gpu = false;                // are given, too, where the model's are made there
    std::chrono::milliseconds patience{2000};  // with a video; a camera sends a chunk in less
};

// Takes of a model under the controls of somebody who watches. The first control must begin one.
class LiveTake : public ChunkMaker {
  public:
    LiveTake(LiveOptions options, generator::ControlQueue& controls, Recorder& recorder);

    std::optional<MadeChunk> make(const generator::Stop& stop) override;
    void finish() override;

  private:
    void begin(const generator::BeginTake& wanted);
    void take_up_controls();
    void take_up_plan();
    void follow(const std::string& video);
    void take_up_video();
    generator::Chunk step_past_bad_prompts(const generator::Stop& stop, bool& stopped);
    void keep_record(const generator::Chunk& chunk);

    LiveOptions options_;
    generator::ControlQueue& controls_;
    Recorder& recorder_;
    std::unique_ptr<generator::Session> session_;
    FrameStore on_gpu_;
    Tensor image_;
    generator::CacheContents contents_;
    generator::TakeRecord record_;
    std::vector<generator::PromptChange> plan_;
    std::optional<LiveMotion> video_;  // whose motion is followed
    int64_t video_from_ = 0;           // the frame of the take it began with
    std::string prompt_;               // asked for last
    bool cut_ = false;                 // asked for at this border
    int64_t prompt_revision_ = 0;
    int64_t revision_ = 0;
    int64_t take_ = 0;
    double finalize_ms_ = 0;
    std::vector<std::string> complaints_;
};

}  // namespace longtake::interactive
