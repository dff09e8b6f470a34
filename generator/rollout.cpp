#include "generator/rollout.h"

#include "core/error.h"
#include "diffusion/ops/denoise.h"

#include <utility>

namespace longtake::generator {

Rollout::Rollout(std::shared_ptr<const diffusion::CausalTransformer> transformer,
                 const diffusion::FlowMatchSchedule& schedule, std::vector<double> timesteps)
    : transformer_(std::move(transformer)), schedule_(schedule), timesteps_(std::move(timesteps)) {
    check_input(!timesteps_.empty(), "there must be at least one denoising step");
    for (size_t i = 1; i < timesteps_.size(); ++i) {
        check_input(timesteps_[i] < timesteps_[i - 1], "denoising steps must fall");
    }
}

bool Rollout::denoise(const Place& place, const NoiseSource& noise,
                      const diffusion::TextContext& text, CacheMemory& memory, Tensor& clean,
                      const Stop& stop) {
    fit(clean.shape());
    noise.fill(place.chunk, place.first_frame, 0, noisy_);
    memory.begin_pass(CacheMemory::Pass::Noisy);
    for (size_t i = 0; i < timesteps_.size(); ++i) {
        if (stop && stop()) {
            return false;
        }
        frame_timesteps_.assign(static_cast<size_t>(clean.extent(0)), timesteps_[i]);
        transformer_->forward(noisy_, frame_timesteps_, text, memory, flow_, workspace_);
        diffusion::predict_clean(noisy_, flow_, schedule_.sigma(timesteps_[i]), clean);
        if (i + 1 < timesteps_.size()) {
            noise.fill(place.chunk, place.first_frame, static_cast<int>(i + 1), noise_);
            diffusion::add_noise(clean, noise_, schedule_.sigma(timesteps_[i + 1]), noisy_);
        }
    }
    return !(stop && stop());
}

void Rollout::remember(const Tensor& clean, const diffusion::TextContext& text,
                       CacheMemory& memory) {
    fit(clean.shape());
    frame_timesteps_.assign(static_cast<size_t>(clean.extent(0)), 0.0);
    memory.begin_pass(CacheMemory::Pass::Clean);
    transformer_->forward(clean, frame_timesteps_, text, memory, flow_, workspace_);
}

void Rollout::fit(const Shape& shape) {
    if (flow_.shape() != shape) {
        noisy_ = Tensor(shape, DType::F32);
        noise_ = Tensor(shape, DType::F32);
        flow_ = Tensor(shape, DType::F32);
    }
}

}  // namespace longtake::generator
