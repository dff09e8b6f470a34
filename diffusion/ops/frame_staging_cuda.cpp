#include "core/cuda.h"
#include "core/error.h"
#include "diffusion/ops/frame_staging.h"

#include <cstring>
#include <vector>

namespace longtake::diffusion {
namespace {

class StagingCuda final : public FrameStaging {
  public:
    explicit StagingCuda(Workspace& workspace) : workspace_(workspace) {}

    Tensor upload(const Tensor& latents) override {
        if (latents.device() != Device::Cpu) {
            return latents;
        }
        grow(pinned_latents_, latents_, latents.bytes());
        std::memcpy(pinned_latents_.get(), latents.raw(), latents.bytes());
        cuda_check(cudaMemcpyAsync(latents_.raw(), pinned_latents_.get(), latents.bytes(),
                                   cudaMemcpyHostToDevice, workspace_.stream()),
                   "sending latents");
        return Tensor::view(latents_.raw(), latents.shape(), latents.dtype(), Device::Cuda);
    }

    Tensor room(const Shape& frames) override {
        check(sent_ == 0, "frames that nobody has collected");
        grow(pinned_frames_, frames_, static_cast<size_t>(frames.count()));
        room_ = Tensor::view(frames_.raw(), frames, DType::U8, Device::Cuda);
        return room_;
    }

    void send(int64_t begin, int64_t end) override {
        const Tensor part = room_.slice(begin, end);
        cuda_check(cudaMemcpyAsync(pinned(begin), part.raw(), part.bytes(), cudaMemcpyDeviceToHost,
                                   workspace_.stream()),
                   "fetching frames");
        if (sent_ == parts_.size()) {
            parts_.emplace_back();
        }
        parts_[sent_].begin = begin;
        parts_[sent_].end = end;
        parts_[sent_++].there.record(workspace_.stream());
    }

    void collect(Tensor& frames) override {
        check(frames.shape() == room_.shape() && frames.dtype() == DType::U8 &&
                  frames.device() == Device::Cpu,
              "frames {} {} for {}", name_of(frames.dtype()), frames.shape().str(),
              room_.shape().str());
        for (size_t i = 0; i < sent_; ++i) {
            const Part& part = parts_[i];
            part.there.synchronize();
            Tensor to = frames.slice(part.begin, part.end);
            std::memcpy(to.raw(), pinned(part.begin), to.bytes());
        }
        sent_ = 0;
    }

    void precede(GpuStream other) override {
        done_.record(workspace_.stream());
        done_.wait_on(other);
    }

  private:
    struct Part {
        int64_t begin = 0, end = 0;
        CudaEvent there;
    };

    void grow(std::shared_ptr<void>& host, Tensor& device, size_t bytes) const {
        if (device.empty() || device.bytes() < bytes) {
            workspace_.synchronize();  // the old room may be in use
            host = allocate_host(bytes, Device::Cuda);
            device = Tensor({static_cast<int64_t>(bytes)}, DType::U8, Device::Cuda);
        }
    }

    std::byte* pinned(int64_t frame) const {
        const int64_t bytes = room_.count() / room_.extent(0);
        return static_cast<std::byte*>(pinned_frames_.get()) + frame * bytes;
    }

    Workspace& workspace_;
    std::shared_ptr<void> pinned_latents_, pinned_frames_;
    Tensor latents_, frames_, room_;
    std::vector<Part> parts_;  // the events are used again
    CudaEvent done_;
    size_t sent_ = 0;
};

}  // namespace

std::unique_ptr<FrameStaging> make_frame_staging_cuda(Workspace& workspace) {
    return std::make_unique<StagingCuda>(workspace);
}

}  // namespace longtake::diffusion
