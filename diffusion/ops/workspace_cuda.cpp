#include "diffusion/ops/workspace_cuda.h"

#include "core/error.h"

namespace longtake::diffusion {
namespace {

cublasLtHandle_t new_handle() {
    cublasLtHandle_t handle = nullptr;
    cublas_check(cublasLtCreate(&handle), "starting");
    return handle;
}

}  // namespace

void cublas_check(cublasStatus_t status, const char* doing) {
    check(status == CUBLAS_STATUS_SUCCESS, "cuBLASLt: {}: {}", doing,
          cublasLtGetStatusName(status));
}

Workspace::Gpu::Gpu(bool urgent)
    : stream(urgent),
      handle(new_handle(), [](cublasLtHandle_t h) { cublasLtDestroy(h); }),
      matmul_room({static_cast<int64_t>(kMatmulBytes)}, DType::U8, Device::Cuda) {}

std::shared_ptr<Workspace::Gpu> Workspace::make_gpu(bool urgent) {
    return std::make_shared<Gpu>(urgent);
}

GpuStream Workspace::stream_of(const Gpu& gpu) {
    return gpu.stream;
}

void Workspace::synchronize() const {
    if (gpu_) {
        gpu_->stream.synchronize();
    }
}

}  // namespace longtake::diffusion
