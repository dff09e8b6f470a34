#pragma once

#include "core/arena.h"
#include "core/tensor.h"
#include "gaussians/scene/cloud.h"
#include "gaussians/train/latents.h"

#include <cstdint>

namespace longtake::gaussians {

// What one is worth in a fixed-point column.
constexpr float kFixedStep = 0x1p-20F;

// What a Gaussian's latents stand for: latents matrix + shift, in multiples of kFixedStep. A few
// hundred numbers, on the CPU.
struct FixedDecoder {
    Tensor matrix;  // [L, F] int32
    Tensor shift;   // [F] int32

    // To the nearest multiples, of fp32 on any device.
    static FixedDecoder of(const Tensor& matrix, const Tensor& shift);

    int64_t latents() const { return matrix.extent(0); }
    int64_t features() const { return matrix.extent(1); }
};

// A Cloud as the decoder of a stream keeps it: in whole numbers, so that adding residuals gives the
// same bits on every device. int32, all on one device; sums wrap around.
struct FixedCloud {
    float mean_step = 0;        // scene units, a power of two
    Tensor means;               // [N, 3] multiples of mean_step
    Tensor log_scales;          // [N, 3] multiples of kFixedStep, as the next three
    Tensor rotations;           // [N, 4]
    Tensor opacities;           // [N, 1]
    Tensor sh_dc;               // [N, 3]
    Tensor rest;                // [N, L] latents of the harmonics, as they are in Latents
    FixedDecoder rest_decoder;  // F = 3 sh_rest_count(degree); for degree 0, L = F = 0

    int64_t count() const { return means.extent(0); }
    Device device() const { return means.device(); }
    FixedCloud to(Device device) const;
    FixedCloud clone() const;  // with columns of its own
};

// To the nearest multiples; the result is on the cloud's device. `rest` is what cloud.sh_rest was
// decoded from. Throws Error for a value outside what 32 bits hold.
FixedCloud to_fixed(const Cloud& cloud, const Latents& rest, float mean_step);
// Of a cloud whose harmonics have no latents: each number is its own, in multiples of kRestStep.
constexpr float kRestStep = 0x1p-6F;
FixedCloud to_fixed(const Cloud& cloud, float mean_step);
// In fp32: one multiplication of each number, hence the same bits everywhere. In memory of its own
// or, where one is given, of an arena.
Cloud to_cloud(const FixedCloud& fixed, GpuStream stream = nullptr, Arena* arena = nullptr);

// The power of two next below a 2^18th of the scene's extent: far below a pixel.
float mean_step_of(double extent);

}  // namespace longtake::gaussians
