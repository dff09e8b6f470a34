#pragma once

#include "core/tensor.h"
#include "diffusion/video_model.h"
#include "generator/cache/cache_memory.h"
#include "generator/control/latent_depth.h"
#include "generator/control/motion_state.h"
#include "generator/drift_watch.h"
#include "generator/followed_points.h"
#include "generator/image_context.h"
#include "generator/latent_history.h"
#include "generator/noise_source.h"
#include "generator/prompt_state.h"
#include "generator/rollout.h"
#include "generator/stopwatch.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace longtake::generator {

// What helps where a session finds too little memory.
constexpr const char* kMakeRoom = "choose a smaller window of the cache, or end other programs";

struct SessionOptions {
    std::string cache = "deep-forcing";  // see make_cache_policy
    std::vector<int> steps = {};         // denoising steps, unshifted; empty: the model's own
    std::shared_ptr<const NoiseSource> noise = {};  // none: from seed 0
    Tensor image = {};                              // [H, W, 3] the take begins with; empty: none
    std::optional<DriftOptions> drift = {};         // none: nobody looks for drift
    bool reanchor = false;                          // at an alarm; see Session
    // Of sessions that step together: one for all of them. None: the session's own.
    std::shared_ptr<diffusion::TransformerWorkspace> workspace = {};
};

// What became of one chunk.
struct Receipt {
    int64_t chunk = 0;
    int64_t first_frame = 0;    // of the video
    int64_t prompt = 0;         // the number of the change in force
    bool cut = false;           // a hard cut came before the chunk
    int64_t cached_frames = 0;  // latent frames the chunk saw, itself included
    double diffuse_ms = 0;
    double decode_ms = 0;
    std::optional<DriftReading> drift = {};
    bool reanchored = false;  // before the chunk
};

// Tensors belong to the session and last until its next step.
struct Chunk {
    Tensor frames;   // [T, H, W, 3] of 8-bit sRGB; T is 0 where they were skipped
    Tensor latents;  // [F, C, h, w], of the transformer's device
    Tracks motion;   // that its frames were asked to follow
    Receipt receipt;
    Tensor on_gpu = {};  // the frames where they were made; empty where that is host memory
};

// One take: everything that changes while a video is made. Models are shared; a session is used by
// one thread at a time, and so are sessions that share a workspace.
//
// At an alarm of drift it may re-anchor: the memory is emptied before the next chunk, and a clean
// pass over the latents the scene is held against and those of the newest chunk, one behind the
// other, makes it anew.
class Session {
  public:
    Session(std::shared_ptr<const diffusion::VideoModel> model, SessionOptions options);

    // In force from the next chunk on.
    PromptState& prompt() { return prompt_; }
    MotionState& motion() { return motion_; }

    // Makes the next chunk. Its frames come before its clean pass, which `finalize` or the next
    // step does; on a GPU it is queued already, behind the decoder. Nothing when
    // `stop` ended it: then only `reset` helps.
    std::optional<Chunk> step(const Stop& stop = {});
    // Makes the next chunk of each, up to kMostTakes of one model that share a workspace and
    // denoising steps: their passes are made together, on a GPU the clean ones, too, and each take
    // is as alone (there but for the last bits of its products). Either all begin with an image's
    // chunk or none does.
    static std::vector<Chunk> step_together(std::span<Session* const> sessions);
    // Milliseconds it took; nothing to do is 0.
    double finalize();
    // Nobody looks at what comes before this frame of the video: chunks there may come without
    // frames, and only latents go on. From it on frames are what they would have been.
    void skip_to(int64_t video_frame) { wanted_from_ = video_frame; }
    // Back to an empty take; the prompt stays, what was asked of its motion does not.
    void reset();

    // Everything that makes the next chunk what it will be.
    struct Snapshot;
    std::shared_ptr<const Snapshot> snapshot();
    void restore(const Snapshot& snapshot);

    // Throws InputError when the cache's policy cannot hold a take of so many frames, or the noise
    // does not last that long.
    void check_length(int64_t video_frames) const;
    // The clean latents of the last frame so far [1, C, h, w]; empty before the first.
    Tensor newest_latent() const;
    // Of the video, in the next chunk, if no cut comes before it.
    int64_t next_frames() const;
    int64_t video_frames() const { return place_.video_frames; }  // made so far
    const CacheMemory& memory() const { return memory_; }
    const diffusion::VideoModel& model() const { return *model_; }
    int passes() const { return rollout_.passes(); }

  private:
    struct TakePlace {
        int64_t chunk = 0;
        int64_t latent_frames = 0;
        int64_t video_frames = 0;
    };
    // A chunk that is being made.
    struct Step {
        int64_t latent_frames = 0, video_frames = 0;
        bool from_image = false, cut = false, reanchored = false;
        Stopwatch watch = {};
        double diffuse_ms = 0;
    };
    static std::vector<Chunk> make_chunks(std::span<Session* const> sessions, const Stop& stop);
    Step begin_step();
    static bool denoise(std::span<Session* const> sessions, std::span<Step> steps,
                        const Stop& stop);
    void begin_frames(const Step& step);
    Chunk finish_step(const Step& step);
    Rollout::Job job(const Tensor& clean);
    static void begin_clean_pass(std::span<Session* const> sessions);
    bool unseen(int64_t latent_frames) const;
    void forget();
    void encode_image(const Tensor& image);
    void recache(int64_t frames);
    void condition(int64_t latent_frames);
    void encode_oldest();
    void prepare_noise();
    void check_reanchor() const;
    bool reanchor();
    void look();

    std::shared_ptr<const diffusion::VideoModel> model_;
    SessionOptions options_;
    PromptState prompt_;
    MotionState motion_;
    Rollout rollout_;
    CacheMemory memory_;  // works on the stream of the roll-out
    std::unique_ptr<diffusion::DecodeStream> decoder_;
    std::unique_ptr<diffusion::ClipEncoder> encoder_;  // none: the policy asks for no pictures
    Tensor encoded_;                                   // the last one, [1, C, h, w]
    TakePlace place_;
    enum class CleanPass : uint8_t { Done, Due, UnderWay } clean_pass_ = CleanPass::Done;
    bool broken_ = false;                        // a chunk was left half-made
    Tensor image_latent_;                        // [1, C, h, w] or empty
    std::optional<ImageContext> image_context_;  // of an image-to-video model
    FollowedPoints followed_;                    // of one that is told of them by its picture
    Tensor latents_, frames_;
    Tracks tracks_;                       // of the chunk being made
    std::unique_ptr<LatentDepth> depth_;  // none: nobody has asked yet
    int64_t wanted_from_ = 0;             // a frame of the video
    int64_t newest_frames_ = 0;           // of `frames_`: those of the newest chunk
    int64_t newest_latents_ = 0;          // of `latents_`
    LatentHistory history_;
    std::optional<DriftWatch> drift_;
};

struct Session::Snapshot {
    CacheMemory memory;
    LatentHistory history;
    std::shared_ptr<const diffusion::DecodeStream::Snapshot> decoder;
    TakePlace place;
    PromptState prompt;
    MotionState motion;
    FollowedPoints followed;
    std::optional<DriftWatch::Snapshot> drift;
    Tensor newest;          // the last frame's latents; empty before the first
    double depth_unit = 0;  // of LatentDepth; 0: not known
};

}  // namespace longtake::generator
