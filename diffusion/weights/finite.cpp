#include "diffusion/weights/finite.h"

#include <cstdint>

namespace longtake::diffusion {
namespace {

// An exponent of all ones is infinity or NaN.
template <typename Bits> bool all_finite(const Tensor& t, Bits exponent) {
    const auto* bits = static_cast<const Bits*>(t.raw());
    const int64_t count = t.count();
    int64_t bad = 0;
#pragma omp parallel for simd reduction(+ : bad) if (count > 1 << 16)
    for (int64_t i = 0; i < count; ++i) {
        bad += (bits[i] & exponent) == exponent;
    }
    return bad == 0;
}

}  // namespace

bool is_finite(const Tensor& t) {
    switch (t.dtype()) {
        case DType::F32: return all_finite<uint32_t>(t, 0x7f800000u);
        case DType::BF16: return all_finite<uint16_t>(t, 0x7f80);
        case DType::F16: return all_finite<uint16_t>(t, 0x7c00);
        case DType::F8E4M3: return all_finite<uint8_t>(t, 0x7f);  // has no infinity
        default: return true;
    }
}

}  // namespace longtake::diffusion
