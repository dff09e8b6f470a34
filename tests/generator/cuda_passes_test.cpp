#include "diffusion/models/causal_transformer.h"
#include "tests/diffusion/cuda_testing.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/generator/cache_driver.h"

// Shorter ways through a pass on the GPU against the long one.
namespace longtake::generator {
namespace {

using diffusion::bound;
using diffusion::CausalTransformer;
using diffusion::error_of;
using diffusion::TextContext;

// A memory that everything is handed over to, and whose passes are never recorded.
class LongWay : public diffusion::AttentionMemory {
  public:
    explicit LongWay(CacheMemory& memory) : memory_(memory) {}
    std::span<const double> query_positions() const override { return memory_.query_positions(); }
    diffusion::KvView update(int layer, const Tensor& queries, const Tensor& keys,
                             const Tensor& values) override {
        return memory_.update(layer, queries, keys, values);
    }

  private:
    CacheMemory& memory_;
};

struct Case {
    const char* name;
    DType compute;
    int64_t head_dim;
    const char* policy;
};

class CudaPasses : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(CudaPasses, CudaPasses,
                         testing::Values(Case{"bf16_window", DType::BF16, 64, "window:window=9"},
                                         Case{"bf16_deep_forcing", DType::BF16, 64,
                                              "deep-forcing:window=9,sink=2,budget=7"},
                                         Case{"fp8_window", DType::F8E4M3, 128, "window:window=9"},
                                         Case{"fp8_deep_forcing", DType::F8E4M3, 128,
                                              "deep-forcing:window=9,sink=2,budget=7"}),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr int64_t kHeight = 10, kWidth = 6, kFrames = 3;  // 15 tokens: no group of slots is whole
constexpr int kChunks = 18;

CausalTransformer model_of(const Case& c) {
    diffusion::TransformerConfig config;
    config.heads = 3;
    config.head_dim = c.head_dim;
    config.in_channels = config.out_channels = 4;
    config.text_dim = 20;
    config.text_len = 12;
    config.ffn_dim = 512;
    config.layers = 2;
    return diffusion::random_transformer(config, c.compute, Device::Cuda);
}

// Everything of one take. Two prompts, in turns of six chunks.
struct PassingTake {
    PassingTake(const CausalTransformer& model, const Case& c, GpuStream stream, unsigned number)
        : seed(1000 * number),
          memory(policy(c.policy), {.layers = static_cast<int>(model.config().layers),
                                    .heads = model.config().heads,
                                    .head_dim = model.config().head_dim,
                                    .tokens_per_frame = kHeight * kWidth / 4,
                                    .dtype = DType::BF16,
                                    .fp8 = c.compute == DType::F8E4M3,
                                    .device = Device::Cuda,
                                    .stream = stream}) {
        for (const int rows : {7, 9}) {
            texts.push_back(
                model.prepare_text(diffusion::random_tensor({rows, model.config().text_dim}, 1)));
        }
    }
    void begin(int chunk, double timestep) {
        if (timestep == 1000) {
            memory.begin_chunk(kFrames);
        }
        memory.begin_pass(timestep == 0 ? CacheMemory::Pass::Clean : CacheMemory::Pass::Noisy);
        const Tensor given = diffusion::random_tensor(
            latents.shape(), seed + static_cast<unsigned>(chunk + timestep));
        copy_bytes(latents.raw(), Device::Cuda, given.raw(), Device::Cpu, given.bytes());
    }
    const TextContext& text(int chunk) const { return texts[static_cast<size_t>(chunk / 6 % 2)]; }

    unsigned seed;
    CacheMemory memory;
    LongWay long_way{memory};
    std::vector<TextContext> texts;
    Tensor latents{{kFrames, 4, kHeight, kWidth}, DType::F32, Device::Cuda};
    Tensor flow{latents.shape(), DType::F32, Device::Cuda};
    std::vector<Tensor> flows;  // of two passes of each chunk; a clean one follows
};

// work(chunk, timestep) for every pass.
template <typename Work> void each_pass(Work&& work) {
    for (int chunk = 0; chunk < kChunks; ++chunk) {
        for (const double timestep : {1000.0, 500.0, 0.0}) {
            work(chunk, timestep);
        }
    }
}

std::vector<Tensor> flows_of(const CausalTransformer& model, const Case& c, bool short_way) {
    diffusion::TransformerWorkspace workspace(Device::Cuda);
    PassingTake take(model, c, workspace.stream(), 0);
    each_pass([&](int chunk, double timestep) {
        take.begin(chunk, timestep);
        const std::vector<double> timesteps(kFrames, timestep);
        const TextContext& text = take.text(chunk);
        if (!short_way) {
            model.forward(take.latents, timesteps, text, take.long_way, take.flow, workspace);
        } else if (timestep == 0) {
            model.remember(take.latents, timesteps, text, take.memory, workspace);
        } else {
            model.forward(take.latents, timesteps, text, take.memory, take.flow, workspace);
        }
        workspace.synchronize();
        if (timestep > 0) {
            take.flows.push_back(take.flow.to(Device::Cpu).clone());
        }
    });
    return take.flows;
}

// Of `count` takes, whose passes are made `at_once` together. The last take is a chunk ahead.
std::vector<std::vector<Tensor>> flows_of_takes(const CausalTransformer& model, const Case& c,
                                                size_t count, size_t at_once) {
    diffusion::TransformerWorkspace workspace(Device::Cuda);
    std::vector<std::unique_ptr<PassingTake>> takes;
    for (size_t i = 0; i < count; ++i) {
        takes.push_back(
            std::make_unique<PassingTake>(model, c, workspace.stream(), static_cast<unsigned>(i)));
    }
    takes.back()->memory.begin_chunk(kFrames);
    const std::vector<double> zeros(kFrames, 0.0);
    takes.back()->begin(kChunks, 0);
    model.remember(takes.back()->latents, zeros, takes.back()->text(0), takes.back()->memory,
                   workspace);
    each_pass([&](int chunk, double timestep) {
        const std::vector<double> timesteps(kFrames, timestep);
        for (size_t first = 0; first < count; first += at_once) {
            std::vector<diffusion::PassTake> together;
            for (size_t i = first; i < std::min(count, first + at_once); ++i) {
                PassingTake& t = *takes[i];
                t.begin(chunk, timestep);
                together.push_back(
                    {t.latents, t.text(chunk), t.memory, timestep > 0 ? &t.flow : nullptr});
            }
            model.pass(together, timesteps, workspace);
            workspace.synchronize();
        }
        for (const auto& take : takes) {
            if (timestep > 0) {
                take->flows.push_back(take->flow.to(Device::Cpu).clone());
            }
        }
    });
    std::vector<std::vector<Tensor>> flows;
    for (const auto& take : takes) {
        flows.push_back(std::move(take->flows));
    }
    return flows;
}

// Keys and values that go to their slots at once, in passes that are recorded when they come again,
// and clean ones that end with them.
TEST_P(CudaPasses, TheShortWayIsTheSameToTheBit) {
    LONGTAKE_NEEDS_GPU();
    const CausalTransformer model = model_of(GetParam());
    const auto longer = flows_of(model, GetParam(), false);
    const auto shorter = flows_of(model, GetParam(), true);
    for (size_t i = 0; i < longer.size(); ++i) {
        EXPECT_TRUE(std::ranges::equal(longer[i].values<float>(), shorter[i].values<float>()))
            << "pass " << i;
    }
}

// Passes made together against the same alone: products of more rows round differently, and what
// was rounded goes on in the memory.
TEST_P(CudaPasses, TogetherIsAsAlone) {
    LONGTAKE_NEEDS_GPU();
    const CausalTransformer model = model_of(GetParam());
    const auto alone = flows_of_takes(model, GetParam(), 3, 1);
    const auto together = flows_of_takes(model, GetParam(), 3, 3);
    float most = 0;
    for (size_t t = 0; t < alone.size(); ++t) {
        for (size_t i = 0; i < alone[t].size(); ++i) {
            most = std::max(most, error_of(together[t][i], alone[t][i]));
        }
    }
    EXPECT_LT(most, bound(DType::BF16));
    RecordProperty("error", std::to_string(most));
    EXPECT_GT(error_of(alone[0][0], alone[1][0]), 0.5F);  // takes differ
}

}  // namespace
}  // namespace longtake::generator
