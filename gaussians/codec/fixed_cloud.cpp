#include "gaussians/codec/fixed_cloud.h"

#include "core/error.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/rows.h"

#include <cmath>
#include <limits>

namespace longtake::gaussians {
namespace {

Tensor to_fixed(const Tensor& column, double step, const char* name) {
    const Tensor here = column.to(Device::Cpu);
    Tensor out(here.shape(), DType::I32);
    const auto in = here.values<float>();
    auto* to = out.data<int32_t>();
    for (const float v : in) {
        const double multiple = std::nearbyint(v / step);
        check_input(std::abs(multiple) <= std::numeric_limits<int32_t>::max(),
                    "{} of {} are beyond what a stream holds", name, v);
        *to++ = static_cast<int32_t>(multiple);
    }
    return out;
}

std::array<Tensor*, 6> columns_of(FixedCloud& cloud) {
    return {&cloud.means,     &cloud.log_scales, &cloud.rotations,
            &cloud.opacities, &cloud.sh_dc,      &cloud.rest};
}

}  // namespace

FixedDecoder FixedDecoder::of(const Tensor& matrix, const Tensor& shift) {
    return {.matrix = to_fixed(matrix, kFixedStep, "matrices"),
            .shift = to_fixed(shift, kFixedStep, "shifts")};
}

FixedCloud FixedCloud::to(Device device) const {
    FixedCloud out = *this;
    for (Tensor* column : columns_of(out)) {
        *column = column->to(device);
    }
    return out;
}

FixedCloud FixedCloud::clone() const {
    FixedCloud out = *this;
    for (Tensor* column : columns_of(out)) {
        *column = column->clone();
    }
    return out;
}

FixedCloud to_fixed(const Cloud& cloud, const Latents& rest, float mean_step) {
    const FixedCloud out{
        .mean_step = mean_step,
        .means = to_fixed(cloud.means, mean_step, "centres"),
        .log_scales = to_fixed(cloud.log_scales, kFixedStep, "log scales"),
        .rotations = to_fixed(cloud.rotations, kFixedStep, "rotations"),
        .opacities = to_fixed(cloud.opacities, kFixedStep, "opacities").reshape({cloud.count(), 1}),
        .sh_dc = to_fixed(cloud.sh_dc, kFixedStep, "colours"),
        .rest = to_fixed(rest.values, 1, "latents"),
        .rest_decoder = FixedDecoder::of(rest.matrix, rest.shift)};
    return out.to(cloud.means.device());
}

FixedCloud to_fixed(const Cloud& cloud, float mean_step) {
    const int64_t features = 3 * cloud.sh_rest.extent(1);
    Latents rest{.values = cloud.sh_rest.to(Device::Cpu).clone().reshape({cloud.count(), features}),
                 .matrix = Tensor::zeros({features, features}),
                 .shift = Tensor::zeros({features})};
    for (float& v : rest.values.values<float>()) {
        v /= kRestStep;
    }
    for (int64_t f = 0; f < features; ++f) {
        rest.matrix.data<float>()[f * features + f] = kRestStep;
    }
    return to_fixed(cloud, rest, mean_step);
}

Cloud to_cloud(const FixedCloud& fixed, GpuStream stream, Arena* arena) {
    const Device device = fixed.device();
    const int64_t n = fixed.count(), features = fixed.rest_decoder.features();
    const auto made = [&](const Shape& shape) {
        return arena != nullptr ? arena->allocate(shape, DType::F32)
                                : Tensor(shape, DType::F32, device);
    };
    Cloud out{.means = made({n, 3}),
              .log_scales = made({n, 3}),
              .rotations = made({n, 4}),
              .opacities = made({n}),
              .sh_dc = made({n, 3}),
              .sh_rest = made({n, features / 3, 3})};
    const auto floats = [&](const Tensor& from, Tensor& to, float step) {
        const FloatRows rows{.in = from.data<int32_t>(), .out = to.data<float>(), .step = step};
        run_on(device, rows, from.count(), stream);
    };
    floats(fixed.means, out.means, fixed.mean_step);
    floats(fixed.log_scales, out.log_scales, kFixedStep);
    floats(fixed.rotations, out.rotations, kFixedStep);
    floats(fixed.opacities, out.opacities, kFixedStep);
    floats(fixed.sh_dc, out.sh_dc, kFixedStep);

    const auto there = [&](const Tensor& numbers) {
        if (arena == nullptr) {
            return numbers.to(device);
        }
        Tensor copy = arena->allocate(numbers.shape(), DType::I32);
        copy_bytes(copy.raw(), device, numbers.raw(), numbers.device(), numbers.bytes(), stream);
        return copy;
    };
    const Tensor matrix = there(fixed.rest_decoder.matrix), shift = there(fixed.rest_decoder.shift);
    const RestFloatRows rest{.product = {.latents = fixed.rest.data<int32_t>(),
                                         .matrix = matrix.data<int32_t>(),
                                         .shift = shift.data<int32_t>(),
                                         .width = fixed.rest_decoder.latents(),
                                         .features = features},
                             .out = out.sh_rest.data<float>(),
                             .step = kFixedStep};
    run_on(device, rest, features > 0 ? n : 0, stream);
    return out;
}

float mean_step_of(double extent) {
    return static_cast<float>(std::exp2(std::floor(std::log2(extent)) - 18));
}

}  // namespace longtake::gaussians
