#include "generator/cache/participation.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longtake::generator {
namespace {

template <typename T>
void add_rows(const T* queries, int64_t heads, int64_t head_dim, Range rows, float* sums) {
    parallel_for(heads, [=](int64_t h) {
        float* sum = sums + h * head_dim;
        for (int64_t row = rows.begin; row < rows.end; ++row) {
            const T* q = queries + (row * heads + h) * head_dim;
            for (int64_t d = 0; d < head_dim; ++d) {
                sum[d] += static_cast<float>(q[d]);
            }
        }
    });
}

template <typename T>
void score_rows(const diffusion::KvView& view, int64_t heads, int64_t head_dim, Range slots,
                const float* sums, float* scores) {
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

void add_queries(const Tensor& queries, Range rows, std::span<float> sums) {
    const int64_t heads = queries.extent(1);
    const int64_t head_dim = queries.extent(2);
    switch (queries.dtype()) {
        case DType::F32: return add_rows(queries.data<float>(), heads, head_dim, rows, sums.data());
        case DType::BF16: return add_rows(queries.data<bf16>(), heads, head_dim, rows, sums.data());
        default: fail("queries of type {} cannot vote", name_of(queries.dtype()));
    }
}

void score_slots(const diffusion::KvView& keys, int64_t heads, int64_t head_dim, Range slots,
                 std::span<const float> query_sums, std::span<float> scores) {
    switch (keys.dtype) {
        case DType::F32:
            return score_rows<float>(keys, heads, head_dim, slots, query_sums.data(),
                                     scores.data());
        case DType::BF16:
            return score_rows<bf16>(keys, heads, head_dim, slots, query_sums.data(), scores.data());
        default: fail("keys of type {} cannot be scored", name_of(keys.dtype));
    }
}

std::span<const int32_t> select_top(std::span<const float> scores, std::span<const uint8_t> reuse,
                                    int limit, int64_t count, std::vector<int32_t>& order) {
    check(count <= static_cast<int64_t>(scores.size()), "{} tokens cannot be chosen from {}", count,
          scores.size());
    order.resize(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto spent = [&](int32_t i) { return limit > 0 && reuse[i] >= limit; };
    std::nth_element(order.begin(), order.begin() + count, order.end(), [&](int32_t a, int32_t b) {
        if (spent(a) != spent(b)) {
            return spent(b);
        }
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    std::sort(order.begin(), order.begin() + count);
    return {order.data(), static_cast<size_t>(count)};
}

}  // namespace longtake::generator
