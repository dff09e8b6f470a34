#include "generator/session.h"

#include "core/error.h"

#include <array>
#include <utility>

// What a session does for a chunk: see Session::step.
namespace longtake::generator {
namespace {

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

}  // namespace

std::optional<Chunk> Session::step(const Stop& stop) {
    std::vector<Chunk> chunks = make_chunks(std::array{this}, stop);
    return chunks.empty() ? std::nullopt : std::optional(std::move(chunks[0]));
}

std::vector<Chunk> Session::step_together(std::span<Session* const> sessions) {
    for (Session* session : sessions) {
        session->prepare_noise();  // of all of them before anybody waits
    }
    return make_chunks(sessions, {});
}

// None when `stop` ended it.
std::vector<Chunk> Session::make_chunks(std::span<Session* const> sessions, const Stop& stop) {
    std::vector<Step> steps;
    for (Session* session : sessions) {
        steps.push_back(session->begin_step());
        check(steps.back().from_image == steps[0].from_image, "some takes begin with an image");
    }
    if (!denoise(sessions, steps, stop)) {
        return {};
    }
    for (size_t i = 0; i < sessions.size(); ++i) {
        sessions[i]->begin_frames(steps[i]);
    }
    if (sessions[0]->model_->device() == Device::Cuda) {
        begin_clean_pass(sessions);
    }
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
        if (!within_memory("the activations of a chunk", kMakeRoom,
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

}  // namespace longtake::generator
