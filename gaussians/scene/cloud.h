#pragma once

#include "core/tensor.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace longtake::gaussians {

constexpr int kMaxShDegree = 3;

// Coefficients of a degree beyond the first.
constexpr int64_t sh_rest_count(int degree) {
    return int64_t{degree + 1} * (degree + 1) - 1;
}

// N Gaussians as they are trained and stored, before any activation. World axes are those of the
// cameras' poses (COLMAP's: y down, z forward); all tensors are fp32.
struct Cloud {
    Tensor means;       // [N, 3] scene units
    Tensor log_scales;  // [N, 3] natural logarithm of the standard deviations
    Tensor rotations;   // [N, 4] quaternions w, x, y, z of any length but zero
    Tensor opacities;   // [N] logits
    Tensor sh_dc;       // [N, 3] red, green, blue; 0.5 + 0.28209 dc is the colour
    Tensor sh_rest;     // [N, sh_rest_count(degree), 3], by degree and order as in 3DGS

    // Uninitialized. Throws Error for a degree outside 0..3.
    static Cloud sized(int64_t count, int sh_degree, Device device = Device::Cpu);

    Cloud to(Device device) const;  // as Tensor::to

    static constexpr std::size_t kColumns = 6;
    std::array<Tensor*, kColumns> columns() {
        return {&means, &log_scales, &rotations, &opacities, &sh_dc, &sh_rest};
    }
    std::array<const Tensor*, kColumns> columns() const {
        return {&means, &log_scales, &rotations, &opacities, &sh_dc, &sh_rest};
    }
    int64_t count() const { return means.empty() ? 0 : means.extent(0); }
    int sh_degree() const;  // throws Error when sh_rest has no number of coefficients of a degree
};

}  // namespace longtake::gaussians
