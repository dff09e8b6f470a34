#include "gaussians/train/adam.h"

#include "core/parallel.h"
#include "gaussians/train/adam_update.h"

#include <algorithm>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr int64_t kBlock = 4096;  // values

}  // namespace

void Adam::step(Attributes<float>& values, const Attributes<float>& gradient,
                const LearningRates& rates) {
    ++steps_;
    const double steps = static_cast<double>(steps_);
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
        const AdamRate rate = adam_rate(rates[c], steps);
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) {
            adam_update(rate, slope[i], value[i], first[i], second[i]);
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
