#include "core/error.h"
#include "core/parallel.h"
#include "generator/cache/frame_change.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

template <typename T>
void score(const diffusion::KvView& view, Range slots, int64_t heads, int64_t head_dim,
           const FrameChange& how, float* scores) {
    const T* keys = static_cast<const T*>(view.keys);
    const auto cosine = [&](int64_t slot) {
        double both = 0, now = 0, later = 0;
        for (int i = 0; i < how.voters.size(heads); ++i) {
            const T* a = keys + (how.voters[i] * view.stride + slot) * head_dim;
            const T* b = a + how.tokens * head_dim;
            for (int64_t d = 0; d < head_dim; ++d) {
                const auto x = static_cast<float>(a[d]), y = static_cast<float>(b[d]);
                both += x * y;
                now += x * x;
                later += y * y;
            }
        }
        return both / std::sqrt(std::max(now * later, 1e-30));
    };
    const int64_t size = how.tokens / how.patches;
    parallel_for(slots.count() / size, [&](int64_t patch) {
        double sum = 0;
        for (int64_t i = 0; i < size; ++i) {
            sum += cosine(slots.begin + patch * size + i);
        }
        std::fill_n(scores + patch * size, size,
                    static_cast<float>(1 - sum / static_cast<double>(size)));
    });
}

}  // namespace

void score_change_cpu(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                      const FrameChange& how, Tensor& scores) {
    switch (keys.dtype) {
        case DType::F32:
            return score<float>(keys, slots, heads, head_dim, how, scores.data<float>());
        case DType::BF16:
            return score<bf16>(keys, slots, heads, head_dim, how, scores.data<float>());
        default: fail("keys of type {} cannot be compared", name_of(keys.dtype));
    }
}

}  // namespace longtake::generator
