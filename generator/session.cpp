#include "generator/session.h"

#include "core/error.h"
#include "core/image.h"
#include "generator/cache/head_masses.h"

#include <algorithm>
#include <array>
#include <utility>

namespace longtake::generator {
namespace {

constexpr const char* kMend = "choose a smaller window of the cache, or end other programs";

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

// Frame by frame; 0 and 1 are the middles of the first and the last latent cell, or the edges of
// the picture, as the model has learnt it.
std::vector<std::vector<diffusion::TrackedPoint>> in_cells(const Tracks& tracks,
                                                           const diffusion::VideoModel& model) {
    const auto& config = model.config();
    const bool edges = model.track_encoder()->from_edges();
    const auto part = [edges](float pixel, int64_t pixels) {
        constexpr float kScale = diffusion::kLatentScale;
        return edges ? pixel / static_cast<float>(pixels)
                     : (pixel - kScale / 2) / (static_cast<float>(pixels) - kScale);
    };
    std::vector<std::vector<diffusion::TrackedPoint>> frames(static_cast<size_t>(tracks.frames()));
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            const TrackPoint& point = tracks.at(t, n);
            const bool inside = point.x >= 0 && point.y >= 0 &&
                                point.x < static_cast<float>(config.width) &&
                                point.y < static_cast<float>(config.height);
            if (point.visible && inside) {
                frames[static_cast<size_t>(t)].push_back({tracks.ids()[static_cast<size_t>(n)],
                                                          part(point.x, config.width),
                                                          part(point.y, config.height)});
            }
        }
    }
    return frames;
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
      memory_(within_memory("the cache", kMend,
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

std::optional<Chunk> Session::step(const Stop& stop) {
    const std::array one{this};
    std::array steps{begin_step()};
    if (!denoise(one, steps, stop)) {
        return std::nullopt;
    }
    begin_frames(steps[0]);
    if (model_->device() == Device::Cuda) {
        begin_clean_pass(one);
    }
    return finish_step(steps[0]);
}

std::vector<Chunk> Session::step_together(std::span<Session* const> sessions) {
    for (Session* session : sessions) {
        session->prepare_noise();  // of all of them before anybody waits
    }
    std::vector<Step> steps;
    for (Session* session : sessions) {
        steps.push_back(session->begin_step());
        check(steps.back().from_image == steps[0].from_image, "some takes begin with an image");
    }
    denoise(sessions, steps, {});
    for (size_t i = 0; i < sessions.size(); ++i) {
        sessions[i]->begin_frames(steps[i]);
    }
    begin_clean_pass(sessions);
    std::vector<Chunk> chunks;
    for (size_t i = 0; i < sessions.size(); ++i) {
        chunks.push_back(sessions[i]->finish_step(steps[i]));
    }
    return chunks;
}

Session::Step Session::begin_step() {
    check(!broken_, "a take that was stopped half-way cannot go on; reset it");
    finalize();
    const int64_t prompt_before = prompt_.number();
    const bool cut = prompt_.take_up() && place_.chunk > 0;
    const bool turned = prompt_.number() != prompt_before && place_.chunk > 0;
    check(!prompt_.empty(), "a take without a prompt");
    broken_ = true;  // until the chunk is whole
    const bool afresh = cut && !memory_.policy().survives_cuts();
    if (afresh) {
        forget();
    }
    Step step{.from_image = place_.chunk == 0 && !image_latent_.empty(), .cut = cut};
    const int64_t latent_frames = step.latent_frames = step.from_image ? 1 : latents_.extent(0);
    look();
    step.video_frames = decoder_->frames(latent_frames);
    tracks_ = motion_.take_up(step.video_frames);
    const Turn turn = afresh || !turned ? Turn::None : cut ? Turn::Cut : Turn::Prompt;
    rollout_.condition({});
    if (drift_ && turned) {
        drift_->restart();
    }
    memory_.show(prompt_.identity());
    step.reanchored = reanchor();
    recache(memory_.recached_before(latent_frames, turn));
    memory_.look_from(motion_.camera());
    memory_.begin_chunk(latent_frames, turn);
    condition(latent_frames);
    if (step.from_image) {
        copy_bytes(latents_.raw(), latents_.device(), image_latent_.raw(), Device::Cpu,
                   image_latent_.bytes());
    }
    return step;
}

// The latents of all chunks. False when `stop` ended it.
bool Session::denoise(std::span<Session* const> sessions, std::span<Step> steps, const Stop& stop) {
    if (!steps[0].from_image) {
        std::vector<Rollout::Job> jobs;
        for (Session* session : sessions) {
            jobs.push_back(session->job(session->latents_));
        }
        if (!within_memory("the activations of a chunk", kMend,
                           [&] { return Rollout::denoise(jobs, stop); })) {
            return false;
        }
    }
    sessions[0]->rollout_.synchronize();
    for (Step& step : steps) {
        step.diffuse_ms = step.watch.milliseconds();
        step.watch = {};
    }
    return true;
}

Rollout::Job Session::job(const Tensor& clean) {
    return {rollout_,        {place_.chunk, place_.latent_frames},
            *options_.noise, prompt_.context(),
            memory_,         clean};
}

void Session::begin_frames(const Step& step) {
    const bool shown = !unseen(step.latent_frames);
    shown ? decoder_->begin(latents_.slice(0, step.latent_frames))
          : decoder_->skip(step.latent_frames);
    if (shown && model_->device() == Device::Cuda) {
        decoder_->precede(rollout_.stream());
    }
    clean_pass_ = CleanPass::Due;
}

Chunk Session::finish_step(const Step& step) {
    const int64_t latent_frames = step.latent_frames, count = step.video_frames;
    const bool shown = !unseen(latent_frames);
    Chunk chunk;
    chunk.latents = latents_.slice(0, latent_frames);
    chunk.frames = frames_.slice(0, shown ? count : 0);
    chunk.motion = tracks_;
    std::optional<DriftReading> drift;
    if (drift_) {
        drift = drift_->look(chunk.latents);
    }
    if (shown) {
        decoder_->end(chunk.frames);
        chunk.on_gpu = decoder_->on_device();
    }
    chunk.receipt = {.chunk = place_.chunk,
                     .first_frame = place_.video_frames,
                     .prompt = prompt_.number(),
                     .cut = step.cut,
                     .cached_frames = memory_.frames(),
                     .diffuse_ms = step.diffuse_ms,
                     .decode_ms = step.watch.milliseconds(),
                     .drift = drift,
                     .reanchored = step.reanchored};
    newest_frames_ = count;
    newest_latents_ = latent_frames;
    ++place_.chunk;
    place_.latent_frames += latent_frames;
    place_.video_frames += count;
    broken_ = false;
    return chunk;
}

// Whether the next latents are so far before what somebody looks at that nothing of them is seen
// there. A policy that reads pictures has them all made.
bool Session::unseen(int64_t latent_frames) const {
    const auto reach = model_->autoencoder().reach();
    const int64_t wanted = (wanted_from_ + diffusion::kLatentFrames - 1) / diffusion::kLatentFrames;
    return reach && !encoder_ && place_.latent_frames + latent_frames <= wanted - *reach;
}

void Session::begin_clean_pass(std::span<Session* const> sessions) {
    std::vector<Rollout::Job> jobs;
    for (Session* session : sessions) {
        const auto frames = static_cast<int64_t>(session->memory_.query_positions().size());
        const Tensor clean = session->latents_.slice(0, frames);
        if (!session->memory_.policy().rebuilds()) {
            jobs.push_back(session->job(clean));
        }
        session->history_.append(clean);
        session->clean_pass_ = CleanPass::UnderWay;
    }
    if (!jobs.empty()) {
        Rollout::remember(jobs);
    }
}

double Session::finalize() {
    if (clean_pass_ == CleanPass::Done) {
        return 0;
    }
    const Stopwatch watch;
    if (clean_pass_ == CleanPass::Due) {
        begin_clean_pass(std::array{this});
    }
    encode_oldest();
    prepare_noise();
    rollout_.synchronize();
    clean_pass_ = CleanPass::Done;
    return watch.milliseconds();
}

// Of the next chunk, while the clean pass of this one is under way.
void Session::prepare_noise() {
    if (static_cast<int64_t>(memory_.query_positions().size()) == latents_.extent(0)) {
        rollout_.prepare({place_.chunk, place_.latent_frames}, *options_.noise);
    }
}

// What the passes of the chunk see beside the latents: the picture that an image-to-video model
// began with, then what the chunk was asked to follow.
void Session::condition(int64_t latent_frames) {
    const diffusion::TrackEncoder* encoder = model_->track_encoder();
    const bool followed = encoder != nullptr && !tracks_.empty();
    if (!followed && !image_context_) {
        return;
    }
    const int64_t of_image = image_context_ ? image_context_->channels() : 0;
    const int64_t of_tracks = encoder == nullptr ? 0 : encoder->channels();
    Tensor beside = Tensor::zeros(
        {latent_frames, of_image + of_tracks, latents_.extent(2), latents_.extent(3)});
    if (image_context_) {
        image_context_->fill(place_.latent_frames, beside);
    }
    if (const diffusion::PointRule* rule = model_->point_rule(); rule && !tracks_.empty()) {
        const bool first = place_.chunk == 0;  // shows the picture, as it is
        const auto points = followed_.take_up(
            tracks_, model_->config().width, model_->config().height, *rule,
            [&] { return first ? image_latent_.slice(0, 1) : newest_latent().to(Device::Cpu); });
        if (!first) {
            rule->move(points, beside);
        }
    }
    if (followed) {
        Tensor map(beside.shape().with(1, of_tracks), DType::F32);
        encoder->encode(in_cells(tracks_, *model_), map);
        const size_t frame = map.bytes() / static_cast<size_t>(latent_frames);
        for (int64_t f = 0; f < latent_frames; ++f) {
            Tensor to = beside.slice(f, f + 1);
            copy_bytes(static_cast<std::byte*>(to.raw()) + to.bytes() - frame, Device::Cpu,
                       map.slice(f, f + 1).raw(), Device::Cpu, frame);
        }
    }
    rollout_.condition(beside);
}

// A camera that moves must know how far off things are.
void Session::look() {
    if (place_.chunk > 0 && motion_.wants_depth()) {
        if (!depth_) {
            depth_ = std::make_unique<LatentDepth>(*model_);
        }
        motion_.see(depth_->of(newest_latent()));
    }
}

// Of what will be read again the oldest, if the take does not begin with it.
void Session::encode_oldest() {
    const int64_t frames = memory_.policy().history();
    if (!encoder_ || place_.latent_frames <= frames) {
        return;
    }
    const int64_t at = newest_frames_ - 1 - diffusion::kLatentFrames * (frames - 1);
    encoder_->encode(frames_.slice(at, at + 1), encoded_);
    history_.replace(frames, encoded_);
}

void Session::recache(int64_t frames) {
    if (frames > 0) {
        memory_.begin_recache(frames);
        Rollout::remember(std::array{job(history_.newest(frames))});
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

// Of the memory, before a chunk.
bool Session::reanchor() {
    if (!options_.reanchor || !drift_ || !drift_->alarm()) {
        return false;
    }
    const Tensor& anchor = drift_->anchor(latents_);
    memory_.reset();
    memory_.begin_chunk(anchor.extent(0));
    Rollout::remember(std::array{job(anchor)});
    rollout_.synchronize();
    return true;
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
