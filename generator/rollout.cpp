#include "generator/rollout.h"

#include "core/error.h"
#include "diffusion/ops/denoise.h"

#include <utility>

namespace longtake::generator {

Rollout::Rollout(std::shared_ptr<const diffusion::CausalTransformer> transformer,
                 const diffusion::FlowMatchSchedule& schedule, std::vector<double> timesteps,
                 std::shared_ptr<diffusion::TransformerWorkspace> workspace)
    : transformer_(std::move(transformer)),
      schedule_(schedule),
      timesteps_(std::move(timesteps)),
      workspace_(workspace
                     ? std::move(workspace)
                     : std::make_shared<diffusion::TransformerWorkspace>(transformer_->device())) {
    check_input(!timesteps_.empty(), "there must be at least one denoising step");
    for (size_t i = 1; i < timesteps_.size(); ++i) {
        check_input(timesteps_[i] < timesteps_[i - 1], "denoising steps must fall");
    }
}

bool Rollout::denoise(std::span<const Job> jobs, const Stop& stop) {
    const Rollout& all = jobs[0].rollout;  // in what they share
    all.synchronize();                     // what was drawn for the chunks before is used up
    for (const Job& job : jobs) {
        check(job.rollout.timesteps_ == all.timesteps_, "roll-outs of different steps together");
        job.rollout.fit(job.clean.shape());
        job.rollout.draw(job.place, job.noise, 0, job.rollout.noisy_);
    }
    for (size_t i = 0; i < all.timesteps_.size(); ++i) {
        if (stop) {
            all.synchronize();  // or every pass would be queued before anybody could stop one
            if (stop()) {
                return false;
            }
        }
        pass(jobs, all.timesteps_[i], Into::Flow);
        for (const Job& job : jobs) {
            job.rollout.guess(job, i);
        }
    }
    return !(stop && stop());
}

// After pass `i`: the clean latents as they are guessed now, and what goes into the pass after it.
void Rollout::guess(const Job& job, size_t i) {
    Tensor clean = job.clean;
    diffusion::predict_clean(noisy_, flow_, schedule_.sigma(timesteps_[i]), clean, stream());
    const bool surprise = job.memory.wants_surprise();
    if (i == 0 && surprise) {
        copy_bytes(guess_.raw(), guess_.device(), clean.raw(), clean.device(), clean.bytes(),
                   stream());
    }
    if (i + 1 < timesteps_.size()) {
        draw(job.place, job.noise, i + 1, noise_);
        diffusion::add_noise(clean, noise_, schedule_.sigma(timesteps_[i + 1]), noisy_, stream());
    } else if (surprise) {
        const auto& config = transformer_->config();
        job.memory.surprise(guess_, clean, config.patch_height, config.patch_width);
    }
}

void Rollout::remember(std::span<const Job> jobs) {
    for (const Job& job : jobs) {
        job.rollout.fit(job.clean.shape());
    }
    pass(jobs, 0, Into::Memory);
}

void Rollout::pass(std::span<const Job> jobs, double timestep, Into into) {
    const Rollout& all = jobs[0].rollout;
    const bool flows = into == Into::Flow;
    std::vector<diffusion::PassTake> takes;
    for (const Job& job : jobs) {
        Rollout& own = job.rollout;
        check(own.workspace_ == all.workspace_, "roll-outs of two workspaces together");
        job.memory.begin_pass(flows ? CacheMemory::Pass::Noisy : CacheMemory::Pass::Clean);
        takes.push_back({own.input(flows ? own.noisy_ : job.clean), job.text, job.memory,
                         flows ? &own.flow_ : nullptr});
    }
    const std::vector<double> timesteps(static_cast<size_t>(jobs[0].clean.extent(0)), timestep);
    all.transformer_->pass(takes, timesteps, *all.workspace_);
}

void Rollout::condition(const Tensor& channels) {
    conditioned_ = !channels.empty();
    if (!conditioned_) {
        return;
    }
    const auto& c = transformer_->config();
    const Shape shape = channels.shape().with(1, c.in_channels);
    check(channels.extent(1) == c.in_channels - c.out_channels, "{} beside {} channels of {}",
          channels.shape().str(), c.out_channels, c.in_channels);
    synchronize();  // passes may still read it
    if (input_.shape() != shape) {
        input_ = Tensor(shape, DType::F32, transformer_->device());
    }
    const size_t frame = channels.bytes() / static_cast<size_t>(channels.extent(0));
    for (int64_t f = 0; f < channels.extent(0); ++f) {
        const Tensor from = channels.slice(f, f + 1);
        Tensor to = input_.slice(f, f + 1);
        copy_bytes(static_cast<std::byte*>(to.raw()) + to.bytes() - frame, input_.device(),
                   from.raw(), Device::Cpu, frame);
    }
}

// The latents of a pass and, where there is any, what is beside them.
const Tensor& Rollout::input(const Tensor& latents) {
    if (!conditioned_) {
        return latents;
    }
    check(latents.extent(0) == input_.extent(0), "{} frames beside {}", latents.extent(0),
          input_.extent(0));
    const size_t frame = latents.bytes() / static_cast<size_t>(latents.extent(0));
    for (int64_t f = 0; f < latents.extent(0); ++f) {
        copy_bytes(input_.slice(f, f + 1).raw(), input_.device(), latents.slice(f, f + 1).raw(),
                   latents.device(), frame, stream());
    }
    return input_;
}

void Rollout::prepare(const Place& place, const NoiseSource& noise) {
    if (drawn_.empty() || (prepared_ == place && prepared_from_ == &noise)) {
        return;
    }
    prepared_.reset();
    try {
        noise.fill(place.chunk, place.first_frame, 0, drawn_[0]);
    } catch (const InputError&) {
        return;
    }
    prepared_ = place;
    prepared_from_ = &noise;
}

void Rollout::fit(const Shape& shape) {
    if (flow_.shape() == shape) {
        return;
    }
    const Device device = transformer_->device();
    synchronize();  // what goes may still be in use
    for (Tensor* t : {&noisy_, &noise_, &flow_, &guess_}) {
        *t = Tensor(shape, DType::F32, device);
    }
    if (device == Device::Cuda) {
        prepared_.reset();
        drawn_.clear();
        for (size_t i = 0; i < timesteps_.size(); ++i) {
            drawn_.push_back(Tensor::on_host(shape, DType::F32, device));
        }
    }
}

// The noise of a step, made by the CPU: the same for every device.
void Rollout::draw(const Place& place, const NoiseSource& source, size_t step, Tensor& noise) {
    const bool here = noise.device() == Device::Cpu;
    Tensor& drawn = here ? noise : drawn_[step];
    if (step != 0 || prepared_ != place || prepared_from_ != &source) {
        source.fill(place.chunk, place.first_frame, static_cast<int>(step), drawn);
    }
    if (step == 0) {
        prepared_.reset();
    }
    if (!here) {
        copy_bytes(noise.raw(), noise.device(), drawn.raw(), Device::Cpu, drawn.bytes(), stream());
    }
}

}  // namespace longtake::generator
