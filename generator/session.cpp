#include "generator/session.h"

#include "core/error.h"
#include "core/image.h"
#include "generator/cache/head_masses.h"

#include <utility>

namespace longtake::generator {
namespace {

CacheGeometry geometry_of(const diffusion::VideoModel& model, GpuStream stream) {
    const auto& c = model.transformer().config();
    return {.layers = static_cast<int>(c.layers),
            .heads = c.heads,
            .head_dim = c.head_dim,
            .tokens_per_frame =
                model.latent_height() / c.patch_height * (model.latent_width() / c.patch_width),
            .columns = model.latent_width() / c.patch_width,
            .dtype = model.transformer().compute(),
            .fp8 = model.transformer().products() == DType::F8E4M3,
            .device = model.device(),
            .stream = stream};
}

std::shared_ptr<const CachePolicy> policy_for(const diffusion::VideoModel& model,
                                              const std::string& text) {
    const CacheGeometry g = geometry_of(model, nullptr);
    std::shared_ptr<const CachePolicy> policy = make_cache_policy(
        text, {.window_frames = model.config().window_frames,
               .chunk_frames = model.config().chunk_frames,
               .layers = g.layers,
               .heads = g.heads,
               .tokens_per_frame = g.tokens_per_frame,
               .head_masses = model.folder().empty() ? std::filesystem::path()
                                                     : model.folder() / kHeadMasses});
    check_input(!policy->by_head() || !g.fp8,
                "--cache {}: heads with caches of their own do not come in fp8; choose "
                "--precision bf16",
                text);
    const double bytes = (policy->retimes() || g.fp8 ? 3.0 : 2.0) * g.layers *
                         static_cast<double>(g.heads * g.head_dim) *
                         static_cast<double>(policy->window() * g.tokens_per_frame) *
                         static_cast<double>(size_of(g.dtype));
    const MemoryInfo memory = memory_of(g.device);
    const bool gpu = g.device == Device::Cuda;
    const auto most = static_cast<double>(gpu ? memory.free : memory.total);
    check_input(bytes < most,
                "--cache {}: {} frames take {:.1f} GiB, {} {:.1f}; choose a smaller window", text,
                policy->window(), bytes / (1 << 30), gpu ? "the GPU has left" : "this machine has",
                most / (1 << 30));
    return policy;
}

// What the model's layers see of the picture that the take begins with, fitted as its frames are.
PromptState::Picture picture_of(const diffusion::VideoModel& model, const Tensor& image) {
    const auto& c = model.config();
    check_input(!model.reads_image() || !image.empty(),
                "{}: this model makes videos of pictures; give one with --image",
                model.folder().string());
    return image.empty() ? PromptState::Picture()
                         : model.look_at(resize_and_crop(image, c.height, c.width));
}

std::vector<double> timesteps_for(const diffusion::VideoModel& model,
                                  const std::vector<int>& steps) {
    return model.schedule().warp(steps.empty() ? model.config().denoising_steps : steps);
}

}  // namespace

Session::Session(std::shared_ptr<const diffusion::VideoModel> model, SessionOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      prompt_(model_, picture_of(*model_, options_.image)),
      motion_(model_->config().width, model_->config().height, model_->config().frame_rate),
      rollout_(model_->transformer_ptr(), model_->schedule(),
               timesteps_for(*model_, options_.steps), options_.workspace),
      memory_(within_memory("the cache", kMakeRoom,
                            [this] {
                                return CacheMemory(policy_for(*model_, options_.cache),
                                                   geometry_of(*model_, rollout_.stream()));
                            })),
      decoder_(model_->autoencoder().open(model_->latent_height(), model_->latent_width())) {
    if (!options_.noise) {
        options_.noise = make_seeded_noise(0);
    }
    const int64_t chunk = model_->config().chunk_frames;
    latents_ = Tensor({chunk, model_->transformer().config().out_channels, model_->latent_height(),
                       model_->latent_width()},
                      DType::F32, model_->device());
    frames_ = Tensor(
        {chunk * diffusion::kLatentFrames, model_->config().height, model_->config().width, 3},
        DType::U8);
    if (memory_.policy().history() > 0) {
        history_ = LatentHistory(memory_.policy().history(), latents_, rollout_.stream());
    }
    Tensor first(latents_.shape(), DType::F32);
    options_.noise->fill(0, 0, 0, first);  // noise of another shape is refused now
    check_input(!memory_.policy().encodes() || model_->autoencoder().encodes(),
                "--cache {}: the model came without an encoder; use rebuild:encode=0",
                options_.cache);
    if (memory_.policy().encodes()) {
        encoder_ =
            model_->autoencoder().open_encoder(model_->config().height, model_->config().width);
    }
    if (options_.drift) {
        drift_.emplace(model_->folder() / kStillTakes, latents_, *options_.drift);
    }
    if (options_.reanchor) {
        check_reanchor();
    }
    if (!options_.image.empty()) {
        encode_image(options_.image);
    }
    if (model_->depth_head()) {
        motion_.expect_depth();
    }
    if (model_->reads_image()) {
        image_context_.emplace(*model_, options_.image);
    }
}

Tensor Session::newest_latent() const {
    return place_.chunk == 0 ? Tensor() : latents_.slice(newest_latents_ - 1, newest_latents_);
}

int64_t Session::next_frames() const {
    return decoder_->frames(place_.chunk == 0 && !image_latent_.empty() ? 1 : latents_.extent(0));
}

void Session::check_reanchor() const {
    const CachePolicy& policy = memory_.policy();
    check_input(!policy.rebuilds() && !policy.by_head(),
                "--cache {}: it cannot be re-anchored; choose another cache, or --on-drift warn",
                options_.cache);
    const int64_t least = 3 * latents_.extent(0);
    check_input(policy.window() >= least,
                "--cache {}: a window of {} frames is too short to re-anchor; use {} or more, or "
                "--on-drift warn",
                options_.cache, policy.window(), least);
}

void Session::check_length(int64_t video_frames) const {
    const auto limit = memory_.policy().frame_limit();
    check_input(!limit || video_frames <= diffusion::kLatentFrames * *limit - 3,
                "--cache {}: it holds {} latent frames, {} frames of video; choose a rolling "
                "policy such as deep-forcing, or a wider window",
                options_.cache, *limit, diffusion::kLatentFrames * *limit - 3);
    const int64_t chunk = latents_.extent(0);
    const int64_t lead = image_latent_.empty() ? 0 : 1;  // latent frames before the first noise
    const int64_t latents = (video_frames + 2) / diffusion::kLatentFrames + 1;
    const int64_t chunks = (latents - lead + chunk - 1) / chunk;
    if (chunks > 0) {
        Tensor last(latents_.shape(), DType::F32);
        options_.noise->fill(chunks - 1 + lead, lead + (chunks - 1) * chunk, 0, last);
    }
}

void Session::reset() {
    forget();
    if (drift_) {
        drift_->restart();
    }
    motion_ =
        MotionState(model_->config().width, model_->config().height, model_->config().frame_rate);
    depth_ = nullptr;
    if (model_->depth_head()) {
        motion_.expect_depth();
    }
    followed_.clear();
    place_ = {};
    wanted_from_ = 0;
    clean_pass_ = CleanPass::Done;
    broken_ = false;
}

void Session::forget() {
    memory_.reset();
    history_.clear();
    decoder_->reset();
}

void Session::encode_image(const Tensor& image) {
    const auto& c = model_->config();
    image_latent_ = model_->encode(
        resize_and_crop(image, c.height, c.width).reshape({1, c.height, c.width, 3}));
}

std::shared_ptr<const Session::Snapshot> Session::snapshot() {
    check(!broken_, "a stopped take has no state to keep");
    finalize();
    return std::make_shared<Snapshot>(Snapshot{
        memory_.clone(), history_.clone(), decoder_->snapshot(), place_, prompt_, motion_,
        followed_, drift_ ? std::optional(drift_->snapshot()) : std::nullopt,
        place_.chunk > 0 ? newest_latent().clone() : Tensor(), depth_ ? depth_->unit() : 0});
}

void Session::restore(const Snapshot& snapshot) {
    memory_.copy_from(snapshot.memory);
    history_.copy_from(snapshot.history);
    rollout_.synchronize();  // the snapshot may go
    decoder_->restore(*snapshot.decoder);
    place_ = snapshot.place;
    prompt_ = snapshot.prompt;
    motion_ = snapshot.motion;
    followed_ = snapshot.followed;
    if (drift_) {
        snapshot.drift ? drift_->restore(*snapshot.drift) : drift_->restart();
    }
    depth_ = snapshot.depth_unit > 0 ? std::make_unique<LatentDepth>(*model_, snapshot.depth_unit)
                                     : nullptr;
    if (!snapshot.newest.empty()) {
        newest_latents_ = 1;
        copy_bytes(latents_.raw(), latents_.device(), snapshot.newest.raw(),
                   snapshot.newest.device(), snapshot.newest.bytes());
    }
    clean_pass_ = CleanPass::Done;
    broken_ = false;
}

}  // namespace longtake::generator
