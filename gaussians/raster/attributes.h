#pragma once

#include "gaussians/scene/cloud.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// The columns of a Cloud in somebody else's memory, in its layouts; Scalar is float, or double for
// the oracle.
template <typename Scalar> struct AttributeView {
    int64_t count = 0;
    int sh_degree = 0;
    const Scalar* means = nullptr;       // [N, 3]
    const Scalar* log_scales = nullptr;  // [N, 3]
    const Scalar* rotations = nullptr;   // [N, 4]
    const Scalar* opacities = nullptr;   // [N]
    const Scalar* sh_dc = nullptr;       // [N, 3]
    const Scalar* sh_rest = nullptr;     // [N, sh_rest_count(sh_degree), 3]
};

// Throws Error when the cloud's tensors are elsewhere, or not of its shapes.
AttributeView<float> view_of(const Cloud& cloud, Device device = Device::Cpu);

// The same columns, owned: parameters in training, or their gradients.
template <typename Scalar> struct Attributes {
    static constexpr std::size_t kColumns = Cloud::kColumns;

    int64_t count = 0;
    int sh_degree = 0;
    std::vector<Scalar> means, log_scales, rotations, opacities, sh_dc, sh_rest;

    Attributes() = default;
    Attributes(int64_t n, int degree) { resize(n, degree); }  // zeros

    std::array<std::vector<Scalar>*, kColumns> columns() {
        return {&means, &log_scales, &rotations, &opacities, &sh_dc, &sh_rest};
    }
    std::array<const std::vector<Scalar>*, kColumns> columns() const {
        return {&means, &log_scales, &rotations, &opacities, &sh_dc, &sh_rest};
    }
    // Values per Gaussian of each column.
    std::array<int64_t, kColumns> widths() const {
        return {3, 3, 4, 1, 3, 3 * sh_rest_count(sh_degree)};
    }
    // Keeps the first Gaussians when the degree stays.
    void resize(int64_t n, int degree) {
        count = n;
        sh_degree = degree;
        for (std::size_t i = 0; i < kColumns; ++i) {
            columns()[i]->resize(static_cast<std::size_t>(n * widths()[i]));
        }
    }
    AttributeView<Scalar> view() const {
        return {.count = count,
                .sh_degree = sh_degree,
                .means = means.data(),
                .log_scales = log_scales.data(),
                .rotations = rotations.data(),
                .opacities = opacities.data(),
                .sh_dc = sh_dc.data(),
                .sh_rest = sh_rest.data()};
    }
};

Cloud to_cloud(const Attributes<float>& attributes);

}  // namespace longtake::gaussians
