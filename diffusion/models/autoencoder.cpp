#include "core/error.h"
#include "diffusion/models/autoencoder_stream.h"

#include <utility>

namespace longtake::diffusion {

void DecodeStream::skip(int64_t latents) {
    fail("{} latents cannot be left out of this autoencoder's stream", latents);
}

void StagedStream::begin(const Tensor& latents) {
    if (workspace().device() == Device::Cpu) {
        check(latents.device() == Device::Cpu, "latents on a GPU for a decoder on the CPU");
        latents_ = latents;
        return;
    }
    if (staging_ == nullptr) {
        staging_ = make_frame_staging_cuda(workspace());
    }
    const Tensor there = staging_->upload(latents);
    Tensor room = staging_->room({frames(latents.extent(0)), kLatentScale * latents.extent(2),
                                  kLatentScale * latents.extent(3), 3});
    int64_t at = 0;
    for (int64_t n = 0; n < latents.extent(0); ++n) {
        const int64_t made = frames(1);
        Tensor part = room.slice(at, at + made);
        decode_on_device(there.slice(n, n + 1), part);
        staging_->send(at, at + made);
        at += made;
    }
    made_ = room;
}

void StagedStream::end(Tensor& frames) {
    if (workspace().device() == Device::Cpu) {
        decode_on_device(std::exchange(latents_, {}), frames);
    } else {
        staging_->collect(frames);
    }
}

void StagedStream::precede(GpuStream other) {
    if (staging_ != nullptr) {
        staging_->precede(other);
    }
}

void StagedEncoder::encode(const Tensor& frames, Tensor& latents) {
    const Workspace& work = workspace();
    if (work.device() == Device::Cpu) {
        return encode_on_device(frames, latents);
    }
    if (frames_.empty() || frames_.shape() != frames.shape()) {
        frames_ = Tensor(frames.shape(), frames.dtype(), work.device());
    }
    copy_bytes(frames_.raw(), frames_.device(), frames.raw(), frames.device(), frames.bytes(),
               work.stream());
    encode_on_device(frames_, latents);
}

}  // namespace longtake::diffusion
