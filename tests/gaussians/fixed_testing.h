#pragma once

#include "gaussians/codec/residual.h"

#include <cstdint>
#include <random>
#include <span>

// Clouds in whole numbers and changes of them, of any values.
namespace longtake::gaussians {

inline Tensor random_numbers(const Shape& shape, std::mt19937& engine, int32_t most) {
    std::uniform_int_distribution<int32_t> number(-most, most);
    Tensor out(shape, DType::I32);
    for (int32_t& v : out.values<int32_t>()) {
        v = number(engine);
    }
    return out;
}

inline FixedDecoder random_decoder(int64_t latents, int64_t features, std::mt19937& engine) {
    return {.matrix = random_numbers({latents, features}, engine, 3000),
            .shift = random_numbers({features}, engine, 500)};
}

// Harmonics of degree 1, of two latents.
inline FixedCloud random_fixed(int64_t count, unsigned seed) {
    std::mt19937 engine(seed);
    return {.mean_step = 0x1p-16F,
            .means = random_numbers({count, 3}, engine, 1 << 18),
            .log_scales = random_numbers({count, 3}, engine, 1 << 22),
            .rotations = random_numbers({count, 4}, engine, 1 << 20),
            .opacities = random_numbers({count, 1}, engine, 1 << 22),
            .sh_dc = random_numbers({count, 3}, engine, 1 << 21),
            .rest = random_numbers({count, 2}, engine, 9),
            .rest_decoder = random_decoder(2, 9, engine)};
}

// Of a cloud of `before`: rows 1 and 3 go, 2 comes twice more, 3 is split.
inline Residual random_residual(const FixedCloud& before, unsigned seed) {
    std::mt19937 engine(seed);
    const int64_t rows = before.count() + 2;
    const auto column = [&](int64_t latents, int64_t features) -> ResidualColumn {
        return {.latents = random_numbers({rows, latents}, engine, 3),
                .decoder = random_decoder(latents, features, engine)};
    };
    return {.removed = {1, 3},
            .clones = {2, 2},
            .splits = {3, 3},
            .means = random_numbers({rows, 3}, engine, 40),
            .log_scales = column(8, 3),
            .rotations = column(6, 4),
            .opacities = column(1, 1),
            .sh_dc = column(8, 3),
            .rest = random_numbers({rows, 2}, engine, 1),
            .rest_decoder = random_decoder(2, 9, engine)};
}

inline bool same(const Tensor& a, const Tensor& b) {
    const Tensor x = a.to(Device::Cpu), y = b.to(Device::Cpu);
    return x.shape() == y.shape() && std::ranges::equal(x.values<int32_t>(), y.values<int32_t>());
}

inline bool same(const FixedCloud& a, const FixedCloud& b) {
    return a.mean_step == b.mean_step && same(a.means, b.means) &&
           same(a.log_scales, b.log_scales) && same(a.rotations, b.rotations) &&
           same(a.opacities, b.opacities) && same(a.sh_dc, b.sh_dc) && same(a.rest, b.rest) &&
           same(a.rest_decoder.matrix, b.rest_decoder.matrix) &&
           same(a.rest_decoder.shift, b.rest_decoder.shift);
}

}  // namespace longtake::gaussians
