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

// A buffer for each submission in flight: that of the one being recorded is free.
class CudaUpload final : public FrameUpload {
  public:
    explicit CudaUpload(const Device& device)
        : device_(device), timeline_(device), cuda_timeline_(device, timeline_) {}
    ~CudaUpload() override {
        cudaStreamSynchronize(stream_);
        vkDeviceWaitIdle(device_.get());
    }

    Place bring(Submission& submission, const Tensor& frame) override {
        check(frame.device() == longtake::Device::Cuda, "a frame of the host on CUDA's way");
        Slot& slot = slots_[submission.slot()];
        const int64_t pixels = frame.extent(0) * frame.extent(1);
        if (const auto bytes = static_cast<VkDeviceSize>(4 * pixels); slot.buffer.size() < bytes) {
            slot.imported = {};
            slot.buffer = ExportedBuffer(device_, bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
            slot.imported = ImportedBuffer(device_, slot.buffer);
        }
        slot.frame = frame;
        widen_pixels(frame.data<uint8_t>(), pixels, slot.imported.data(), stream_);
        cuda_timeline_.signal(++value_, stream_);
        submission.copy_after(timeline_.get(), value_);
        return {slot.buffer.get(), 0};
    }

  private:
    struct Slot {
        ExportedBuffer buffer;
        ImportedBuffer imported;
        Tensor frame;  // held until it has been read
    };

    const Device& device_;
    CudaStream stream_{true};
    ExportedTimeline timeline_;
    ImportedTimeline cuda_timeline_;
    std::array<Slot, Submission::kInFlight> slots_;
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
