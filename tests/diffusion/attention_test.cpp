#include "diffusion/ops/attention.h"

#include "core/error.h"
#include "diffusion/ops/attention_kernel.h"
#include "tests/diffusion/testing.h"

#include <omp.h>

#include <array>
#include <cstring>
#include <vector>

namespace longtake::diffusion {
namespace {

struct Case {
    int64_t rows, heads, head_dim, slots;
    float spread = 1.F;  // of queries and keys: 1 gives logits of about 1
    bool biased = false;
};

struct Input {
    Input(const Case& c, DType dtype)
        : q(random_tensor({c.rows, c.heads, c.head_dim}, 1, dtype, c.spread)),
          keys(random_tensor({c.heads, c.slots + 3, c.head_dim}, 2, dtype, c.spread)),
          values(random_tensor({c.heads, c.slots + 3, c.head_dim}, 3, dtype)),
          bias(random_tensor({c.slots}, 4)),
          out(q.shape(), dtype),
          problem{.q = q.raw(),
                  .keys = keys.raw(),
                  .values = values.raw(),
                  .out = out.raw(),
                  .key_bias = c.biased ? bias.data<float>() : nullptr,
                  .rows = c.rows,
                  .heads = c.heads,
                  .head_dim = c.head_dim,
                  .slots = c.slots,
                  .stride = c.slots + 3,
                  .dtype = dtype} {}
    Tensor q, keys, values, bias, out;
    AttentionProblem problem;
};

// Softmax attention in double.
Tensor reference(const Input& in) {
    const AttentionProblem& p = in.problem;
    const Tensor q = in.q.to(DType::F32), k = in.keys.to(DType::F32), v = in.values.to(DType::F32);
    Tensor out(q.shape(), DType::F32);
    std::vector<double> w(static_cast<size_t>(p.slots));
    for (int64_t h = 0; h < p.heads; ++h) {
        for (int64_t r = 0; r < p.rows; ++r) {
            const int64_t at = (r * p.heads + h) * p.head_dim;
            double largest = -INFINITY, total = 0;
            for (int64_t s = 0; s < p.slots; ++s) {
                double dot = 0;
                for (int64_t i = 0; i < p.head_dim; ++i) {
                    dot += double{q.data<float>()[at + i]} *
                           k.data<float>()[(h * p.stride + s) * p.head_dim + i];
                }
                double& logit = w[static_cast<size_t>(s)];
                logit = dot / std::sqrt(static_cast<double>(p.head_dim)) +
                        (p.key_bias == nullptr ? 0 : p.key_bias[s]);
                largest = std::max(largest, logit);
            }
            for (double& x : w) {
                total += x = std::exp(x - largest);
            }
            for (int64_t i = 0; i < p.head_dim; ++i) {
                double sum = 0;
                for (int64_t s = 0; s < p.slots; ++s) {
                    sum += w[static_cast<size_t>(s)] / total *
                           v.data<float>()[(h * p.stride + s) * p.head_dim + i];
                }
                out.data<float>()[at + i] = static_cast<float>(sum);
            }
        }
    }
    return out;
}

const Case kCases[] = {
    {.rows = 1, .heads = 1, .head_dim = 64, .slots = 1},
    {.rows = 1, .heads = 3, .head_dim = 16, .slots = 2},
    {.rows = 17, .heads = 2, .head_dim = 32, .slots = 7},
    {.rows = 33, .heads = 2, .head_dim = 64, .slots = 65, .biased = true},
    {.rows = 48, .heads = 1, .head_dim = 128, .slots = 64},
    {.rows = 49, .heads = 2, .head_dim = 112, .slots = 131},
    {.rows = 144, .heads = 4, .head_dim = 64, .slots = 577},
    {.rows = 50, .heads = 1, .head_dim = 64, .slots = 200, .spread = 10.F},
    {.rows = 20, .heads = 1, .head_dim = 64, .slots = 300, .spread = 60.F, .biased = true},
};

float bound(DType dtype, const Case& c) {
    if (dtype == DType::BF16) {
        return 1.2e-2F;  // half a bf16 step of values up to 4; measured 8e-3
    }
    return c.spread > 1.F ? 1e-3F : 1e-5F;  // logits of thousands carry 1e-4 in fp32
}

TEST(Attention, PortableEqualsSoftmaxInDouble) {
    for (const DType dtype : {DType::F32, DType::BF16}) {
        for (const Case& c : kCases) {
            Input in(c, dtype);
            Workspace workspace;
            attention_cpu_portable(in.problem, workspace);
            EXPECT_LT(max_difference(in.out, reference(in)), bound(dtype, c)) << c.slots;
        }
    }
}

TEST(Attention, EveryKernelOfThisMachineEqualsSoftmaxInDouble) {
    int tried = 0;
    for (const DType dtype : {DType::F32, DType::BF16}) {
        for (const AttentionKernel* kernel : attention_kernels(dtype)) {
            for (const Case& c : kCases) {
                if (c.head_dim % kernel->dim_multiple != 0) {
                    continue;
                }
                Input in(c, dtype);
                Workspace workspace;
                std::memset(workspace.scratch(1 << 20), 0xff, 1 << 20);  // NaN
                attention_cpu_with(*kernel, in.problem, workspace);
                EXPECT_LT(max_difference(in.out, reference(in)), bound(dtype, c))
                    << kernel->name << " with " << c.slots << " keys";
                ++tried;
            }
        }
    }
    if (tried == 0) {
        GTEST_SKIP() << "this machine has no fast kernel";
    }
}

TEST(Attention, RowsDependOnNeitherThreadsNorOtherRows) {
    for (const DType dtype : {DType::F32, DType::BF16}) {
        Input in({.rows = 100, .heads = 3, .head_dim = 64, .slots = 150}, dtype);
        const KvView view{in.keys.raw(), in.values.raw(), 150, 153, dtype};
        Workspace workspace;
        const int before = omp_get_max_threads();
        omp_set_num_threads(1);
        attention(in.q, view, in.out, workspace);
        omp_set_num_threads(2);  // and with 7, where tiles are smaller
        Tensor seven(in.q.shape(), dtype);
        Tensor two(in.q.shape(), dtype), some({40, 3, 64}, dtype);
        attention(in.q, view, two, workspace);
        attention(in.q.slice(60, 100), view, some, workspace);
        omp_set_num_threads(7);
        attention(in.q, view, seven, workspace);
        omp_set_num_threads(before);
        EXPECT_TRUE(same_bits(in.out, two));
        EXPECT_TRUE(same_bits(in.out, seven));
        EXPECT_TRUE(same_bits(in.out.slice(60, 100), some));
    }
}

TEST(Attention, ABiasOfLnNCountsAKeyNTimes) {
    Input in({.rows = 20, .heads = 2, .head_dim = 32, .slots = 9}, DType::F32);
    const int64_t stride = 12;
    for (Tensor* t : {&in.keys, &in.values}) {  // rows 4 to 8 of every head are equal
        for (int64_t row = 0; row < 2 * stride; ++row) {
            if (row % stride > 4) {
                float* at = t->data<float>();
                std::copy_n(at + (row / stride * stride + 4) * 32, 32, at + row * 32);
            }
        }
    }
    Workspace workspace;
    attention(in.q, {in.keys.raw(), in.values.raw(), 9, stride, DType::F32}, in.out, workspace);
    Tensor merged(in.q.shape(), DType::F32);
    const std::vector<float> bias{0, 0, 0, 0, std::log(5.F)};
    attention(in.q, {in.keys.raw(), in.values.raw(), 5, stride, DType::F32}, merged, workspace,
              bias);
    EXPECT_LT(max_difference(in.out, merged), 1e-6F);
}

// Every head sees its own rows and nobody else's.
TEST(Attention, GroupsOfHeadsSeeTheirOwnRows) {
    for (const DType dtype : {DType::F32, DType::BF16}) {
        for (const int64_t dim : {24, 64}) {
            const Input in({.rows = 70, .heads = 4, .head_dim = dim, .slots = 90}, dtype);
            std::array<HeadGroup, 3> groups{HeadGroup{{}, 0, 40}, HeadGroup{{}, 30, 90},
                                            HeadGroup{{}, 89, 90}};
            groups[0].heads.add(3);
            groups[0].heads.add(0);
            groups[1].heads.add(1);
            groups[2].heads.add(2);
            const KvView view{in.keys.raw(), in.values.raw(), 90, 93, dtype, groups};
            Tensor out(in.q.shape(), dtype), alone(in.q.shape(), dtype);
            Workspace workspace;
            attention(in.q, view, out, workspace);
            const Tensor all = out.to(DType::F32);
            for (const HeadGroup& group : groups) {
                const auto skipped = static_cast<size_t>(group.begin * dim) * size_of(dtype);
                attention(in.q,
                          {static_cast<const std::byte*>(view.keys) + skipped,
                           static_cast<const std::byte*>(view.values) + skipped,
                           group.end - group.begin, 93, dtype},
                          alone, workspace);
                const Tensor expected = alone.to(DType::F32);
                for (int i = 0; i < group.heads.count; ++i) {
                    for (int64_t row = 0; row < 70; ++row) {
                        const int64_t at = (row * 4 + group.heads[i]) * dim;
                        EXPECT_TRUE(std::equal(expected.data<float>() + at,
                                               expected.data<float>() + at + dim,
                                               all.data<float>() + at))
                            << "head " << group.heads[i] << ", row " << row;
                    }
                }
            }
            EXPECT_THROW(attention(in.q, view, out, workspace, in.bias.values<float>()), Error);
            groups[2].end = 91;
            EXPECT_THROW(attention(in.q, view, out, workspace), Error);
        }
    }
}

TEST(Attention, RefusesWhatDoesNotFit) {
    Input in({.rows = 2, .heads = 1, .head_dim = 32, .slots = 4}, DType::F32);
    Workspace workspace;
    const KvView view{in.keys.raw(), in.values.raw(), 4, 7, DType::F32};
    EXPECT_THROW(attention(in.q, {view.keys, view.values, 0, 7, DType::F32}, in.out, workspace),
                 Error);
    EXPECT_THROW(attention(in.q, {view.keys, view.values, 8, 7, DType::F32}, in.out, workspace),
                 Error);
    EXPECT_THROW(attention(in.q, {view.keys, view.values, 4, 7, DType::BF16}, in.out, workspace),
                 Error);
    const std::vector<float> bias(3);
    EXPECT_THROW(attention(in.q, view, in.out, workspace, bias), Error);
}

}  // namespace
}  // namespace longtake::diffusion
