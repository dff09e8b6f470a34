#include "generator/cache/frame_change.h"

#include "core/error.h"

namespace longtake::generator {

void score_change(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                  const FrameChange& how, Tensor& scores, GpuStream stream) {
    check(how.patches > 0 && how.tokens % how.patches == 0 && slots.count() % how.tokens == 0 &&
              slots.begin >= 0 && slots.end + how.tokens <= keys.slots &&
              slots.count() <= scores.count(),
          "{} slots in patches of {} / {} tokens", slots.count(), how.tokens, how.patches);
    scores.device() == Device::Cpu
        ? score_change_cpu(keys, slots, heads, head_dim, how, scores)
        : score_change_cuda(keys, slots, heads, head_dim, how, scores, stream);
}

}  // namespace longtake::generator
