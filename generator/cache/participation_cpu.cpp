#include "core/error.h"
#include "core/parallel.h"
#include "generator/cache/participation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longtake::generator {
namespace {

template <typename T>
void sum_rows(const Tensor& queries, Range rows, const float* plus, float* sums) {
    const int64_t heads = queries.extent(1), head_dim = queries.extent(2);
    const T* all = queries.data<T>();
    parallel_for(heads, [=](int64_t h) {
        float* sum = sums + h * head_dim;
        std::fill_n(sum, head_dim, 0.0f);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            const T* q = all + (row * heads + h) * head_dim;
            for (int64_t d = 0; d < head_dim; ++d) {
                sum[d] += static_cast<float>(q[d]);
            }
        }
        for (int64_t d = 0; plus != nullptr && d < head_dim; ++d) {
            sum[d] += plus[h * head_dim + d];
        }
    });
}

template <typename T>
void score_rows(const diffusion::KvView& view, Range slots, const Tensor& all_sums, float* scores) {
    const int64_t heads = all_sums.extent(0), head_dim = all_sums.extent(1);
    const float* sums = all_sums.data<float>();
    const T* keys = static_cast<const T*>(view.keys);
    const float scale =
        1.0f / (std::sqrt(static_cast<float>(head_dim)) * static_cast<float>(heads));
    parallel_for(slots.count(), [=](int64_t i) {
        float dot = 0;
        for (int64_t h = 0; h < heads; ++h) {
            const T* key = keys + (h * view.stride + slots.begin + i) * head_dim;
            const float* sum = sums + h * head_dim;
            for (int64_t d = 0; d < head_dim; ++d) {
                dot += sum[d] * static_cast<float>(key[d]);
            }
        }
        scores[i] = dot * scale;
    });
}

}  // namespace

void sum_queries_cpu(const Tensor& queries, Range rows, const float* plus, Tensor& sums) {
    switch (queries.dtype()) {
        case DType::F32: return sum_rows<float>(queries, rows, plus, sums.data<float>());
        case DType::BF16: return sum_rows<bf16>(queries, rows, plus, sums.data<float>());
        default: fail("queries of type {} cannot vote", name_of(queries.dtype()));
    }
}

void score_slots_cpu(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                     Tensor& scores) {
    switch (keys.dtype) {
        case DType::F32: return score_rows<float>(keys, slots, sums, scores.data<float>());
        case DType::BF16: return score_rows<bf16>(keys, slots, sums, scores.data<float>());
        default: fail("keys of type {} cannot be scored", name_of(keys.dtype));
    }
}

void select_top_cpu(const Tensor& scores, Range candidates, int limit, int64_t count, Tensor& reuse,
                    Tensor& order) {
    const float* score = scores.data<float>() - candidates.begin;
    uint8_t* uses = reuse.data<uint8_t>();
    int32_t* begin = order.data<int32_t>();
    int32_t* end = begin + candidates.count();
    std::iota(begin, end, static_cast<int32_t>(candidates.begin));
    const auto spent = [=](int32_t slot) { return limit > 0 && uses[slot] >= limit; };
    std::nth_element(begin, begin + count, end, [=](int32_t a, int32_t b) {
        if (spent(a) != spent(b)) {
            return spent(b);
        }
        return score[a] != score[b] ? score[a] > score[b] : a < b;
    });
    std::sort(begin, begin + count);
    std::for_each(begin, begin + count, [=](int32_t slot) { uses[slot] += uses[slot] < 255; });
}

}  // namespace longtake::generator
