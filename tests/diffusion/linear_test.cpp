#include "diffusion/ops/linear.h"

#include "core/error.h"
#include "diffusion/ops/layer_norm.h"
#include "tests/diffusion/testing.h"

#include <omp.h>

namespace longtake::diffusion {
namespace {

struct Layer {
    Layer(int64_t rows, int64_t in, int64_t out, DType compute)
        : x(random_tensor({rows, in}, 1, compute)),
          weight(random_tensor({out, in}, 2, compute, 1.F / std::sqrt(static_cast<float>(in)))),
          bias(random_tensor({out}, 3)),
          gate(random_tensor({out}, 4)),
          before(random_tensor({rows, out}, 5)),
          linear(weight, bias, compute) {}

    // In double, from the values as rounded to the compute type.
    Tensor expected(const Epilogue& epilogue) const {
        const Tensor xs = x.to(DType::F32), ws = weight.to(DType::F32);
        const int64_t rows = x.extent(0), in = x.extent(1), out = weight.extent(0);
        Tensor y({rows, out}, DType::F32);
        for (int64_t r = 0; r < rows; ++r) {
            for (int64_t o = 0; o < out; ++o) {
                double sum = bias.data<float>()[o];
                for (int64_t i = 0; i < in; ++i) {
                    sum += double{xs.data<float>()[r * in + i]} * ws.data<float>()[o * in + i];
                }
                if (epilogue.kind == Epilogue::Kind::Gelu) {
                    const double t = std::sqrt(2 / M_PI) * (sum + 0.044715 * sum * sum * sum);
                    sum = 0.5 * sum * (1 + std::tanh(t));
                } else if (epilogue.kind == Epilogue::Kind::Add) {
                    sum *= epilogue.gate == nullptr ? 1.F : gate.data<float>()[o];
                    sum += before.data<float>()[r * out + o];
                }
                y.data<float>()[r * out + o] = static_cast<float>(sum);
            }
        }
        return y;
    }
    Tensor run(const Epilogue& epilogue, DType type = DType::F32) const {
        Workspace workspace;
        Tensor y = before.clone().to(type);
        linear(x, y, workspace, epilogue);
        return y;
    }

    Tensor x, weight, bias, gate, before;
    Linear linear;
};

class LinearIn : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Linear, LinearIn, testing::Values(DType::F32, DType::BF16),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(LinearIn, EveryEpilogueEqualsTheSumInDouble) {
    for (const int64_t rows : {1, 7, 65}) {
        const Layer layer(rows, 48, 100, GetParam());
        for (const Epilogue& e : {Epilogue::store(), Epilogue::gelu(), Epilogue::add(),
                                  Epilogue::gated_add(layer.gate)}) {
            EXPECT_LT(max_difference(layer.run(e), layer.expected(e)), 5e-6F)  // measured 2e-6
                << rows << " rows, epilogue " << static_cast<int>(e.kind);
        }
    }
}

TEST_P(LinearIn, WritesTheComputeType) {
    const Layer layer(9, 48, 100, GetParam());
    const Tensor y = layer.run(Epilogue::gelu(), GetParam());
    ASSERT_EQ(y.dtype(), GetParam());
    // The product is rounded, then its GELU: half a step of bf16 at 4, twice.
    EXPECT_LT(max_difference(y, layer.expected(Epilogue::gelu())),
              GetParam() == DType::BF16 ? 3.2e-2F : 5e-6F);
}

TEST_P(LinearIn, SameBitsWithAnyNumberOfThreads) {
    const int before = omp_get_max_threads();
    for (const auto& [rows, in, out] : {std::array<int64_t, 3>{432, 256, 768},
                                        {432, 1024, 256},
                                        {1, 256, 1536},
                                        {3, 4096, 64},
                                        {130, 1536, 200}}) {
        const Layer layer(rows, in, out, GetParam());
        omp_set_num_threads(1);
        const Tensor one = layer.run(Epilogue::add());
        for (const int threads : {2, 16}) {
            omp_set_num_threads(threads);
            EXPECT_TRUE(same_bits(one, layer.run(Epilogue::add())))
                << rows << " x " << in << " with " << threads << " threads";
        }
    }
    omp_set_num_threads(before);
}

TEST_P(LinearIn, ARowDoesNotDependOnTheOthers) {
    // A frame group of a chunk is a product of fewer rows.
    const Layer layer(432, 256, 256, GetParam());
    const Tensor whole = layer.run(Epilogue::store());
    Workspace workspace;
    Tensor part({144, 256}, DType::F32);
    layer.linear(layer.x.slice(144, 288), part, workspace);
    EXPECT_LT(max_difference(whole.slice(144, 288), part), 1e-6F);
}

// All ways to multiply, also those that this machine does not choose.
class LinearBackend : public testing::TestWithParam<const char*> {
  protected:
    static std::shared_ptr<const Linear::Backend> make(const Layer& layer) {
        const std::string name = GetParam();
        try {
            return name == "avx2"      ? make_linear_avx2(layer.weight, layer.bias)
                   : name == "amx"     ? make_linear_amx(layer.weight, layer.bias)
                   : name == "widened" ? make_linear_widened(layer.weight, layer.bias)
                                       : make_linear_onednn(layer.weight, layer.bias, compute());
        } catch (const Error&) {
            return nullptr;
        }
    }
    static DType compute() {
        const std::string name = GetParam();
        return name == "avx2" || name == "onednn_fp32" ? DType::F32 : DType::BF16;
    }
};
INSTANTIATE_TEST_SUITE_P(Linear, LinearBackend,
                         testing::Values("amx", "avx2", "widened", "onednn_fp32", "onednn_bf16"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(LinearBackend, EqualsTheSumInDouble) {
    int backends = 0;
    for (const auto& [rows, out] :
         {std::pair<int64_t, int64_t>{1, 64}, {77, 320}, {48, 288}, {33, 5}}) {
        const Layer layer(rows, 64, out, compute());
        const auto backend = make(layer);
        if (backend == nullptr) {
            continue;  // not on this machine, or not for 5 columns
        }
        ++backends;
        Workspace workspace;
        for (const Epilogue& e : {Epilogue::store(), Epilogue::gelu(), Epilogue::add(),
                                  Epilogue::gated_add(layer.gate)}) {
            Tensor y = layer.before.clone();
            backend->run(layer.x, y, workspace, e);
            EXPECT_LT(max_difference(y, layer.expected(e)), 5e-6F);  // measured 2e-6
        }
    }
    if (backends == 0) {
        GTEST_SKIP() << "not on this machine";
    }
}

TEST_P(LinearBackend, RoundsItsResultsOnce) {
    const Layer layer(35, 64, 64, compute());
    const auto backend = make(layer);
    if (backend == nullptr || compute() == DType::F32) {
        GTEST_SKIP() << "not on this machine, or not in bf16";
    }
    Workspace workspace;
    Tensor y({35, 64}, DType::BF16), exact({35, 64}, DType::F32);
    backend->run(layer.x, y, workspace, Epilogue::store());
    backend->run(layer.x, exact, workspace, Epilogue::store());
    EXPECT_TRUE(same_bits(y, exact.to(DType::BF16)));
}

// Whether the backend goes as far as the norm or leaves it.
TEST_P(LinearIn, NormsWhatItAddedTo) {
    for (const int64_t rows : {5, 77}) {
        const Layer layer(rows, 64, 96, GetParam());
        const Tensor gain = random_tensor({96}, 6), shift = random_tensor({96}, 7);
        Tensor normed({rows, 96}, GetParam()), expected({rows, 96}, GetParam());
        const Tensor y =
            layer.run(Epilogue::gated_add(layer.gate).then_norm(gain, shift, 1e-6, normed));
        EXPECT_LT(max_difference(y, layer.expected(Epilogue::gated_add(layer.gate))), 5e-6F);
        layer_norm(y, gain, shift, 1e-6, expected);
        EXPECT_TRUE(same_bits(normed, expected));
    }
}

TEST(Linear, WorksWithoutBias) {
    Layer layer(5, 16, 8, DType::F32);
    layer.linear = Linear(layer.weight, Tensor(), DType::F32);
    std::fill_n(layer.bias.data<float>(), 8, 0.F);
    EXPECT_LT(max_difference(layer.run({}), layer.expected({})), 1e-6F);
}

TEST(Linear, RefusesWhatDoesNotFit) {
    const Layer layer(5, 16, 8, DType::F32);
    Workspace workspace;
    Tensor y({5, 8}, DType::F32), narrow({5, 7}, DType::F32), half({5, 8}, DType::BF16);
    EXPECT_THROW(layer.linear(random_tensor({5, 17}, 1), y, workspace), Error);
    EXPECT_THROW(layer.linear(random_tensor({5, 16}, 1, DType::BF16), y, workspace), Error);
    EXPECT_THROW(layer.linear(layer.x, narrow, workspace), Error);
    EXPECT_THROW(layer.linear(layer.x, half, workspace), Error);
    EXPECT_THROW(layer.linear(layer.x, y, workspace, Epilogue::gated_add(layer.x)), Error);
    const Layer bf16_layer(5, 16, 8, DType::BF16);
    EXPECT_THROW(bf16_layer.linear(bf16_layer.x, half, workspace, Epilogue::add()), Error);
    EXPECT_THROW(Linear(layer.weight, layer.x, DType::F32), Error);
    EXPECT_THROW(Linear(layer.weight, layer.bias, DType::I32), Error);
}

}  // namespace
}  // namespace longtake::diffusion
