#include "diffusion/ops/relative_attention.h"

#include "core/error.h"

namespace longtake::diffusion {

void relative_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias,
                        const Tensor& bucket, Tensor& out, Workspace& workspace) {
    const int64_t n = q.extent(0), heads = bias.extent(1);
    check(q.shape().rank() == 2 && k.shape() == q.shape() && v.shape() == q.shape() &&
              out.shape() == q.shape() && q.extent(1) % heads == 0 && bucket.count() == 2 * n - 1,
          "relative_attention: {} over {} with {} heads and {} distances into {}", q.shape().str(),
          k.shape().str(), heads, bucket.count(), out.shape().str());
    for (const Tensor* t : {&k, &v, &bias, &bucket, static_cast<const Tensor*>(&out)}) {
        check(t->device() == q.device(), "relative_attention: tensors of two devices");
    }
    const RelativeAttention problem{.q = q.data<float>(),
                                    .k = k.data<float>(),
                                    .v = v.data<float>(),
                                    .bias = bias.data<float>(),
                                    .bucket = bucket.data<int32_t>(),
                                    .n = n,
                                    .heads = heads,
                                    .head_dim = q.extent(1) / heads};
    if (q.device() == Device::Cpu) {
        return relative_attention_cpu(problem, out, workspace);
    }
    check(n <= kMaxTextTokens, "relative_attention: {} tokens, more than {}", n, kMaxTextTokens);
    relative_attention_cuda(problem, out, workspace.stream());
}

}  // namespace longtake::diffusion
