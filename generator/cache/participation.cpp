#include "generator/cache/participation.h"

#include "core/error.h"

namespace longtake::generator {

void sum_queries(const Tensor& queries, Range rows, const Tensor& plus, Tensor& sums,
                 GpuStream stream) {
    check(queries.device() == sums.device() && rows.end <= queries.extent(0) &&
              queries.extent(1) * queries.extent(2) == sums.count() &&
              (plus.empty() || plus.count() == sums.count()),
          "queries {} do not add up to {}", queries.shape().str(), sums.shape().str());
    const float* more = plus.empty() ? nullptr : plus.data<float>();
    sums.device() == Device::Cpu ? sum_queries_cpu(queries, rows, more, sums)
                                 : sum_queries_cuda(queries, rows, more, sums, stream);
}

void score_slots(const diffusion::KvView& keys, Range slots, const Tensor& sums, Tensor& scores,
                 GpuStream stream, Start start) {
    check(sums.device() == scores.device() && slots.count() <= scores.count() &&
              slots.end <= keys.slots,
          "{} slots cannot be scored", slots.count());
    sums.device() == Device::Cpu ? score_slots_cpu(keys, slots, sums, scores)
                                 : score_slots_cuda(keys, slots, sums, scores, stream, start);
}

void select_top(const Tensor& scores, Range candidates, int limit, int64_t count, Tensor& reuse,
                Tensor& order, GpuStream stream, Start start) {
    check(count <= candidates.count() && candidates.count() <= scores.count() &&
              candidates.count() <= order.count() && candidates.end <= reuse.count(),
          "{} tokens cannot be chosen from {}", count, candidates.count());
    scores.device() == Device::Cpu
        ? select_top_cpu(scores, candidates, limit, count, reuse, order)
        : select_top_cuda(scores, candidates, limit, count, reuse, order, stream, start);
}

}  // namespace longtake::generator
