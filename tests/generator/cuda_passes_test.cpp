#include "diffusion/models/causal_transformer.h"
#include "tests/core/cuda_testing.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/generator/cache_driver.h"

// Shorter ways through a pass on the GPU against the long one.
namespace longtake::generator {
namespace {

using diffusion::CausalTransformer;
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

// Flows of two passes of each chunk; a clean one follows. Two prompts, in turns of six chunks.
std::vector<Tensor> flows_of(const CausalTransformer& model, const Case& c, bool short_way) {
    constexpr int64_t kHeight = 10, kWidth = 6,
                      kFrames = 3;  // 15 tokens: no group of slots is whole
    const auto& config = model.config();
    diffusion::TransformerWorkspace workspace(Device::Cuda);
    CacheMemory memory(policy(c.policy), {.layers = static_cast<int>(config.layers),
                                          .heads = config.heads,
                                          .head_dim = config.head_dim,
                                          .tokens_per_frame = kHeight * kWidth / 4,
                                          .dtype = DType::BF16,
                                          .fp8 = c.compute == DType::F8E4M3,
                                          .device = Device::Cuda,
                                          .stream = workspace.stream()});
    LongWay long_way(memory);
    std::vector<TextContext> texts;
    for (const int rows : {7, 9}) {
        texts.push_back(model.prepare_text(diffusion::random_tensor({rows, config.text_dim}, 1)));
    }
    const Shape shape{kFrames, config.in_channels, kHeight, kWidth};
    Tensor latents(shape, DType::F32, Device::Cuda);
    Tensor flow({kFrames, config.out_channels, kHeight, kWidth}, DType::F32, Device::Cuda);
    std::vector<Tensor> flows;
    for (int chunk = 0; chunk < 18; ++chunk) {
        memory.begin_chunk(kFrames);
        for (const double timestep : {1000.0, 500.0, 0.0}) {
            memory.begin_pass(timestep == 0 ? CacheMemory::Pass::Clean : CacheMemory::Pass::Noisy);
            const Tensor given =
                diffusion::random_tensor(shape, static_cast<unsigned>(chunk + timestep));
            copy_bytes(latents.raw(), Device::Cuda, given.raw(), Device::Cpu, given.bytes());
            const std::vector<double> timesteps(kFrames, timestep);
            const TextContext& text = texts[static_cast<size_t>(chunk / 6 % 2)];
            if (!short_way) {
                model.forward(latents, timesteps, text, long_way, flow, workspace);
            } else if (timestep == 0) {
                model.remember(latents, timesteps, text, memory, workspace);
            } else {
                model.forward(latents, timesteps, text, memory, flow, workspace);
            }
            workspace.synchronize();
            if (timestep > 0) {
                flows.push_back(flow.to(Device::Cpu).clone());
            }
        }
    }
    return flows;
}

// Keys and values that go to their slots at once, in passes that are recorded when they come again,
// and clean ones that end with them.
TEST_P(CudaPasses, TheShortWayIsTheSameToTheBit) {
    LONGTAKE_NEEDS_GPU();
    diffusion::TransformerConfig config;
    config.heads = 3;
    config.head_dim = GetParam().head_dim;
    config.in_channels = config.out_channels = 4;
    config.text_dim = 20;
    config.text_len = 12;
    config.ffn_dim = 512;
    config.layers = 2;
    const CausalTransformer model =
        diffusion::random_transformer(config, GetParam().compute, Device::Cuda);
    const auto longer = flows_of(model, GetParam(), false);
    const auto shorter = flows_of(model, GetParam(), true);
    for (size_t i = 0; i < longer.size(); ++i) {
        EXPECT_TRUE(std::ranges::equal(longer[i].values<float>(), shorter[i].values<float>()))
            << "pass " << i;
    }
}

}  // namespace
}  // namespace longtake::generator
