#include "diffusion/ops/workspace_cuda.h"

#include "core/error.h"

namespace longtake::diffusion {
namespace {

// The process's one: it may be used by all threads at once, what a product needs beside it is its
// session's. It is never given back: that waits for the device, and disturbs sessions that record.
cublasLtHandle_t cublaslt() {
    static const cublasLtHandle_t handle = [] {
        cublasLtHandle_t created = nullptr;
        cublas_check(cublasLtCreate(&created), "starting");
        return created;
    }();
    return handle;
}

}  // namespace

void cublas_check(cublasStatus_t status, const char* doing) {
    check(status == CUBLAS_STATUS_SUCCESS, "cuBLASLt: {}: {}", doing,
          cublasLtGetStatusName(status));
}

Workspace::Gpu::Gpu(bool urgent)
    : stream(urgent),
      handle(cublaslt()),
      matmul_room({static_cast<int64_t>(kMatmulBytes)}, DType::U8, Device::Cuda) {}

std::shared_ptr<Workspace::Gpu> Workspace::make_gpu(bool urgent) {
    return std::make_shared<Gpu>(urgent);
}

GpuStream Workspace::stream_of(const Gpu& gpu) {
    return gpu.stream;
}

void Workspace::repeat(const std::vector<uint64_t>& key, const std::function<void()>& work) {
    if (!gpu_) {
        return work();
    }
    auto& recordings = gpu_->recordings;
    const auto at = recordings.find(key);
    if (at == recordings.end()) {
        if (recordings.size() == Gpu::kMostRecordings) {
            forget_recordings();
        }
        recordings.emplace(key, CudaGraph());
        return work();
    }
    if (at->second.empty()) {
        at->second = CudaGraph::capture(stream_, work);
    }
    if (at->second.empty()) {
        return work();
    }
    at->second.launch(stream_);
}

void Workspace::forget_recordings() {
    if (gpu_ && !gpu_->recordings.empty()) {
        synchronize();  // one may be running
        gpu_->recordings.clear();
    }
}

void Workspace::synchronize() const {
    if (gpu_) {
        gpu_->stream.synchronize();
    }
}

}  // namespace longtake::diffusion
