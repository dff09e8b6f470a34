#include "generator/drift_watch.h"

#include "core/error.h"

namespace longtake::generator {
namespace {

StillTakes read_still_takes(const std::filesystem::path& path, int64_t channels) {
    check_input(std::filesystem::exists(path), "{} is not there; `longtake calibrate` makes it",
                path.string());
    return StillTakes::read(path, channels);
}

void copy(const Tensor& from, Tensor to) {
    copy_bytes(to.raw(), to.device(), from.raw(), from.device(), from.bytes());
}

}  // namespace

std::optional<DriftOptions> usual_drift_options(const diffusion::VideoModel& model) {
    const bool calibrated = std::filesystem::exists(model.folder() / kStillTakes);
    return calibrated && model.in_own_chunks() ? std::optional(DriftOptions{}) : std::nullopt;
}

DriftWatch::DriftWatch(const std::filesystem::path& still_takes, const Tensor& latents,
                       const DriftOptions& options)
    : state_(read_still_takes(still_takes, latents.extent(1)), options),
      features_(2 * static_cast<size_t>(latents.extent(1))),
      anchor_(latents.shape().with(0, 2 * latents.extent(0)), DType::F32, latents.device()) {
    if (latents.device() == Device::Cuda) {
        on_host_ = Tensor::on_host(latents.shape(), DType::F32, Device::Cuda);
    }
}

DriftReading DriftWatch::look(const Tensor& latents) {
    Tensor here = latents;
    if (latents.device() == Device::Cuda) {
        here = on_host_.slice(0, latents.extent(0));
        copy(latents, here);
    }
    latent_features(here, features_);
    if (state_.refers()) {
        copy(latents, anchor_.slice(0, latents.extent(0)));
    }
    alarm_ = state_.add(features_);
    return {state_.state(), state_.distance(), state_.evidence(), alarm_};
}

void DriftWatch::restart() {
    state_.restart();
    alarm_ = false;
}

const Tensor& DriftWatch::anchor(const Tensor& newest) {
    const int64_t frames = newest.extent(0);
    copy(newest, anchor_.slice(frames, 2 * frames));
    return anchor_;
}

void DriftWatch::restore(const Snapshot& snapshot) {
    state_ = snapshot.state;
    alarm_ = snapshot.alarm;
    copy(snapshot.anchor, anchor_);
}

}  // namespace longtake::generator
