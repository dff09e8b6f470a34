#include "diffusion/ops/row_kernels.h"

#include "diffusion/ops/cpu_features.h"

#include <algorithm>
#include <vector>

namespace longtake::diffusion {

extern const RowKernels kRowsPortable;
#if defined(__x86_64__)
extern const RowKernels kRowsAvx2;
extern const RowKernels kRowsAvx512;
extern const RowKernels kRowsAvx512Bf16;
#endif

namespace {

std::vector<const RowKernels*> find() {
    std::vector<const RowKernels*> found;
#if defined(__x86_64__)
    if (has_avx512_bf16()) {
        found.push_back(&kRowsAvx512Bf16);
    }
    if (has_avx512()) {
        found.push_back(&kRowsAvx512);
    }
    if (has_avx2()) {
        found.push_back(&kRowsAvx2);
    }
#endif
    found.push_back(&kRowsPortable);
    return found;
}

}  // namespace

std::span<const RowKernels* const> all_row_kernels() {
    static const std::vector<const RowKernels*> all = find();
    return all;
}

const RowKernels& row_kernels(int64_t width) {
    return **std::ranges::find_if(all_row_kernels(),
                                  [=](const RowKernels* k) { return width % k->lanes == 0; });
}

}  // namespace longtake::diffusion
