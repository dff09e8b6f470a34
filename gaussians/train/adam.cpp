#include "gaussians/train/adam.h"

#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr float kBeta1 = 0.9F, kBeta2 = 0.999F, kEpsilon = 1e-15F;
constexpr int64_t kBlock = 4096;  // values

}  // namespace

void Adam::step(Attributes<float>& values, const Attributes<float>& gradient,
                const LearningRates& rates) {
    ++steps_;
    const double steps = static_cast<double>(steps_);
    const double bias1 = 1 - std::pow(static_cast<double>(kBeta1), steps);
    const auto unbias2 =
        static_cast<float>(1 / std::sqrt(1 - std::pow(static_cast<double>(kBeta2), steps)));
    struct Block {
        std::size_t column;
        int64_t begin, end;
    };
    std::vector<Block> blocks;
    for (std::size_t c = 0; c < Attributes<float>::kColumns; ++c) {
        const auto size = static_cast<int64_t>(values.columns()[c]->size());
        for (int64_t begin = 0; begin < size; begin += kBlock) {
            blocks.push_back({c, begin, std::min(size, begin + kBlock)});
        }
    }
    parallel_for(static_cast<int64_t>(blocks.size()), [&](int64_t k) {
        const auto [c, begin, end] = blocks[static_cast<std::size_t>(k)];
        float* value = values.columns()[c]->data();
        const float* slope = gradient.columns()[c]->data();
        float *first = first_.columns()[c]->data(), *second = second_.columns()[c]->data();
        const auto rate = static_cast<float>(rates[c] / bias1);
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) {
            const float g = slope[i];
            first[i] = kBeta1 * first[i] + (1 - kBeta1) * g;
            second[i] = kBeta2 * second[i] + (1 - kBeta2) * g * g;
            value[i] -= rate * first[i] / (std::sqrt(second[i]) * unbias2 + kEpsilon);
        }
    });
}

Attributes<float> gathered(const Attributes<float>& from, std::span<const int32_t> sources) {
    Attributes<float> to(static_cast<int64_t>(sources.size()), from.sh_degree);
    for (std::size_t c = 0; c < Attributes<float>::kColumns; ++c) {
        const int64_t width = from.widths()[c];
        const float* in = from.columns()[c]->data();
        float* out = to.columns()[c]->data();
        for (std::size_t i = 0; i < sources.size(); ++i) {
            std::copy_n(in + sources[i] * width, width, out + static_cast<int64_t>(i) * width);
        }
    }
    return to;
}

void Adam::gather(std::span<const int32_t> sources, std::span<const uint8_t> fresh) {
    for (Attributes<float>* moments : {&first_, &second_}) {
        *moments = gathered(*moments, sources);
        for (std::size_t c = 0; c < Attributes<float>::kColumns; ++c) {
            const int64_t width = moments->widths()[c];
            for (std::size_t i = 0; i < fresh.size(); ++i) {
                if (fresh[i] != 0) {
                    std::fill_n(moments->columns()[c]->data() + static_cast<int64_t>(i) * width,
                                width, 0.F);
                }
            }
        }
    }
}

}  // namespace longtake::gaussians
