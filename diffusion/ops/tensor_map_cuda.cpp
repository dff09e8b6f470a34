#include "diffusion/ops/tensor_map_cuda.h"

#include "core/cuda.h"
#include "core/error.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

// The driver's function, without linking the driver, which a machine without a GPU does not have.
decltype(&cuTensorMapEncodeTiled) encoder() {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found{};
    cuda_check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000,
                                                cudaEnableDefault, &found),
               "finding cuTensorMapEncodeTiled");
    check(found == cudaDriverEntryPointSuccess, "this driver has no cuTensorMapEncodeTiled");
    return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(function);
}

}  // namespace

TensorMap tensor_map(const void* data, DType dtype, const std::array<int64_t, 4>& extents,
                     const std::array<int64_t, 3>& strides, const std::array<uint32_t, 4>& box,
                     const std::array<uint32_t, 4>& steps) {
    static const auto encode = encoder();
    const bool bytes_only = size_of(dtype) == 1;
    std::array<cuuint64_t, 4> sizes;
    std::array<cuuint64_t, 3> bytes;
    std::ranges::copy(extents, sizes.begin());
    std::ranges::transform(strides, bytes.begin(),
                           [=](int64_t s) { return static_cast<cuuint64_t>(s) * size_of(dtype); });
    const bool short_rows = box[0] * size_of(dtype) == 64;
    TensorMap map;
    const CUresult status =
        encode(&map, bytes_only ? CU_TENSOR_MAP_DATA_TYPE_UINT8 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
               4, const_cast<void*>(data), sizes.data(), bytes.data(), box.data(), steps.data(),
               CU_TENSOR_MAP_INTERLEAVE_NONE,
               short_rows ? CU_TENSOR_MAP_SWIZZLE_64B : CU_TENSOR_MAP_SWIZZLE_128B,
               CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    check(status == CUDA_SUCCESS, "cuTensorMapEncodeTiled: error {}", static_cast<int>(status));
    return map;
}

}  // namespace longtake::diffusion
