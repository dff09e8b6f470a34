#include "core/cuda.h"
#include "generator/cache/copy_queue.h"

#include <vector>

namespace longtake::generator {

struct CopyQueue::OnGpu {
    GpuStream beside;
    CudaStream copies;
    std::vector<CudaEvent> marks;
    CudaEvent work;
};

CopyQueue::CopyQueue(Device device, GpuStream beside, int marks) {
    if (device == Device::Cuda) {
        gpu_.reset(new OnGpu{.beside = beside, .copies = CudaStream(), .marks = {}, .work = {}});
        gpu_->marks.resize(static_cast<size_t>(marks));
    }
}

CopyQueue::~CopyQueue() {
    if (gpu_) {
        gpu_->copies.synchronize();  // what they copy may go
    }
}

GpuStream CopyQueue::stream() const {
    return gpu_ ? static_cast<GpuStream>(gpu_->copies) : nullptr;
}

void CopyQueue::follow() {
    if (gpu_) {
        gpu_->work.record(gpu_->beside);
        gpu_->work.wait_on(gpu_->copies);
    }
}

void CopyQueue::set(int mark) {
    if (gpu_) {
        gpu_->marks[static_cast<size_t>(mark)].record(gpu_->copies);
    }
}

void CopyQueue::work_waits(int mark) {
    if (gpu_) {
        gpu_->marks[static_cast<size_t>(mark)].wait_on(gpu_->beside);
    }
}

void CopyQueue::wait(int mark) {
    if (gpu_) {
        gpu_->marks[static_cast<size_t>(mark)].synchronize();
    }
}

}  // namespace longtake::generator
