#include "core/cuda.h"
#include "core/gpu_uuid.h"
#include "render/exported.h"
#include "render/frame_pixels_cuda.h"
#include "render/frame_upload.h"

#include <unistd.h>

#include <array>

namespace longtake::render {
namespace {

// What Vulkan allocated, as CUDA sees it. The GPU is idle, as far as it goes, when one is
// destroyed.
class ImportedBuffer {
  public:
    ImportedBuffer() = default;
    ImportedBuffer(const Device& device, const ExportedBuffer& buffer)
        : memory_(import(device, buffer),
                  [](cudaExternalMemory_t m) { cudaDestroyExternalMemory(m); }) {
        cudaExternalMemoryBufferDesc desc{};
        desc.size = buffer.size();
        void* data = nullptr;
        cuda_check(cudaExternalMemoryGetMappedBuffer(&data, memory_.get(), &desc),
                   "mapping Vulkan's memory");
        data_ = {static_cast<uint8_t*>(data), [](uint8_t* d) { cudaFree(d); }};
    }
    uint8_t* data() const { return data_.get(); }

  private:
    static cudaExternalMemory_t import(const Device& device, const ExportedBuffer& buffer) {
        cudaExternalMemoryHandleDesc desc{};
        desc.type = cudaExternalMemoryHandleTypeOpaqueFd;
        desc.handle.fd = buffer.descriptor(device);
        desc.size = buffer.allocated();
        desc.flags = cudaExternalMemoryDedicated;
        cudaExternalMemory_t memory = nullptr;
        if (const cudaError_t status = cudaImportExternalMemory(&memory, &desc);
            status != cudaSuccess) {
            ::close(desc.handle.fd);
            cuda_check(status, "importing Vulkan's memory");
        }
        return memory;
    }

    std::unique_ptr<CUexternalMemory_st, void (*)(cudaExternalMemory_t)> memory_{
        nullptr, [](cudaExternalMemory_t) {}};
    std::unique_ptr<uint8_t, void (*)(uint8_t*)> data_{nullptr, [](uint8_t*) {}};
};

// A timeline of Vulkan's that CUDA moves on.
class ImportedTimeline {
  public:
    ImportedTimeline(const Device& device, const ExportedTimeline& timeline)
        : semaphore_(import(device, timeline),
                     [](cudaExternalSemaphore_t s) { cudaDestroyExternalSemaphore(s); }) {}

    // Once all that was queued on `stream` so far is done.
    void signal(uint64_t value, cudaStream_t stream) const {
        const cudaExternalSemaphore_t semaphore = semaphore_.get();
        cudaExternalSemaphoreSignalParams params{};
        params.params.fence.value = value;
        cuda_check(cudaSignalExternalSemaphoresAsync(&semaphore, &params, 1, stream),
                   "signalling Vulkan's timeline");
    }

  private:
    static cudaExternalSemaphore_t import(const Device& device, const ExportedTimeline& timeline) {
        cudaExternalSemaphoreHandleDesc desc{};
        desc.type = cudaExternalSemaphoreHandleTypeTimelineSemaphoreFd;
        desc.handle.fd = timeline.descriptor(device);
        cudaExternalSemaphore_t semaphore = nullptr;
        if (const cudaError_t status = cudaImportExternalSemaphore(&semaphore, &desc);
            status != cudaSuccess) {
            ::close(desc.handle.fd);
            cuda_check(status, "importing Vulkan's timeline");
        }
        return semaphore;
    }

    std::unique_ptr<CUexternalSemaphore_st, void (*)(cudaExternalSemaphore_t)> semaphore_;
};

// Two buffers that take turns: when the next frames come, the last submission that read those
// before the ones shown now is done, as no more than two are in flight.
class CudaUpload final : public FrameUpload {
  public:
    explicit CudaUpload(const Device& device)
        : device_(device), timeline_(device), cuda_timeline_(device, timeline_) {}
    ~CudaUpload() override {
        cudaStreamSynchronize(stream_);
        vkDeviceWaitIdle(device_.get());
    }

    Place bring(Submission& submission, const VideoFrame& frame) override {
        check(frame.frames.device() == longtake::Device::Cuda, "a frame of the host on CUDA's way");
        if (frame.frames.raw() != slots_[current_].frames.raw() ||
            frame.frames.shape() != slots_[current_].frames.shape()) {
            current_ = 1 - current_;
            widen(frame.frames, slots_[current_]);
        }
        submission.copy_after(timeline_.get(), value_);
        const auto pixels = frame.frames.extent(1) * frame.frames.extent(2);
        return {slots_[current_].buffer.get(), static_cast<VkDeviceSize>(4 * pixels * frame.index)};
    }

  private:
    struct Slot {
        ExportedBuffer buffer;
        ImportedBuffer imported;
        Tensor frames;  // that are in it; held, so that no others come to lie where they do
    };

    void widen(const Tensor& frames, Slot& slot) {
        const int64_t pixels = frames.count() / 3;
        if (const auto bytes = static_cast<VkDeviceSize>(4 * pixels); slot.buffer.size() < bytes) {
            slot.imported = {};
            slot.buffer = ExportedBuffer(device_, bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
            slot.imported = ImportedBuffer(device_, slot.buffer);
        }
        slot.frames = frames;
        widen_pixels(frames.data<uint8_t>(), pixels, slot.imported.data(), stream_);
        cuda_timeline_.signal(++value_, stream_);
    }

    const Device& device_;
    CudaStream stream_{true};
    ExportedTimeline timeline_;
    ImportedTimeline cuda_timeline_;
    std::array<Slot, 2> slots_;
    size_t current_ = 0;
    uint64_t value_ = 0;
};

}  // namespace

std::unique_ptr<FrameUpload> make_cuda_upload(const Device& device) {
    return std::make_unique<CudaUpload>(device);
}

std::string cuda_upload_problem(const Device& device) {
    const auto uuid = gpu_uuid();
    if (!uuid) {
        return "there is no GPU that CUDA can use";
    }
    if (*uuid != device.uuid()) {
        return fmt::format("CUDA computes on {}, Vulkan draws on {}", describe_gpu().name,
                           device.name());
    }
    if (!device.exports()) {
        return fmt::format("the driver of {} cannot share memory", device.name());
    }
    int timelines = 0, current = 0;
    cuda_check(cudaGetDevice(&current), "asking for the current GPU");
    cuda_check(
        cudaDeviceGetAttribute(&timelines, cudaDevAttrTimelineSemaphoreInteropSupported, current),
        "asking what the GPU can do");
    return timelines != 0 ? ""
                          : fmt::format("CUDA knows no timelines of Vulkan on {}", device.name());
}

}  // namespace longtake::render
