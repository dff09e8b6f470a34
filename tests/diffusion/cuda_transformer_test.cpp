#include "tests/core/cuda_testing.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/diffusion/reference_memory.h"
#include "tests/diffusion/testing.h"
#include "tests/diffusion/tiny_transformer.h"

#ifdef LONGTAKE_CUDA
#include "core/cuda.h"
#endif

#include <cmath>
#include <cstdio>
#include <thread>

namespace longtake::diffusion {
namespace {

class CudaTinyModel : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(CudaTransformer, CudaTinyModel,
                         testing::Values("tiny_transformer_24", "tiny_transformer_32",
                                         "tiny_transformer_i2v"),
                         [](const auto& test) { return std::string(test.param).substr(17); });

TEST_P(CudaTinyModel, OneChunkEqualsDiffusers) {
    LONGTAKE_NEEDS_GPU();
    const auto file =
        SafetensorsFile::open(kFixtures / (std::string(GetParam()) + "_chunk.safetensors"));
    const CausalTransformer model = tiny(GetParam(), DType::F32, Device::Cuda);
    const Tensor flow = one_chunk(model, file->tensor("latents"), context_of(model, *file),
                                  file->tensor("timestep").data<float>()[0]);
    EXPECT_LT(max_difference(flow, file->tensor("flow")), 1e-4F);
}

TEST_P(CudaTinyModel, ChunksWithCacheEqualOneBlockCausalPass) {
    LONGTAKE_NEEDS_GPU();
    const Video video(GetParam());
    const Tensor flows = video.run(tiny(GetParam(), DType::F32, Device::Cuda));
    EXPECT_LT(max_difference(flows, video.expected), 1e-4F);
}

TEST_P(CudaTinyModel, Bf16IsNear) {
    LONGTAKE_NEEDS_GPU();
    const Video video(GetParam());
    const Tensor flows = video.run(tiny(GetParam(), DType::BF16, Device::Cuda));
    EXPECT_LT(max_difference(flows, video.expected) / max_abs(video.expected), 2e-2F);
}

TEST_P(CudaTinyModel, ARepeatedTakeIsTheSame) {
    LONGTAKE_NEEDS_GPU();
    const Video video(GetParam());
    const CausalTransformer model = tiny(GetParam(), DType::BF16, Device::Cuda);
    EXPECT_TRUE(same_bits(video.run(model), video.run(model)));
}

TEST(CudaTransformer, SessionsShareAModelAtTheSameTime) {
    LONGTAKE_NEEDS_GPU();
    const Video video("tiny_transformer_32");
    const CausalTransformer model = tiny("tiny_transformer_32", DType::F32, Device::Cuda);
    const Tensor alone = video.run(model);
    Tensor first, second;
    std::thread other([&] { first = video.run(model); });
    second = video.run(model);
    other.join();
    EXPECT_TRUE(same_bits(first, alone));
    EXPECT_TRUE(same_bits(second, alone));
}

TEST(CudaTransformer, PaddingCountsAsManyRows) {
    LONGTAKE_NEEDS_GPU();
    const Tensor latents = random_tensor({3, 6, 4, 6}, 3), text = random_tensor({4, 20}, 4);
    const Tensor here = one_chunk(tiny("tiny_transformer_24"), latents, text, 500);
    const Tensor there =
        one_chunk(tiny("tiny_transformer_24", DType::F32, Device::Cuda), latents, text, 500);
    EXPECT_LT(max_difference(there, here), 1e-4F);
}

// A pass in fp8, its attention too, against one in bf16 by the same weights, as a share of noise.
TEST(CudaTransformer, Fp8IsNearBf16) {
    LONGTAKE_NEEDS_GPU();
    TransformerConfig c;
    c.heads = 4;
    c.head_dim = 128;
    c.ffn_dim = 1024;
    c.layers = 4;
    c.image_dim = 64;
    constexpr int64_t kTokens = 16 * 10;
    const Tensor latents = random_tensor({3, c.in_channels, 32, 20}, 2).to(Device::Cuda);
    std::vector<Tensor> flows;
    for (const bool fp8 : {false, true}) {
        const CausalTransformer model =
            random_transformer(c, fp8 ? DType::F8E4M3 : DType::BF16, Device::Cuda);
        TransformerWorkspace workspace(Device::Cuda);
        ReferenceMemory memory(c, DType::BF16, 6, 3, kTokens, Device::Cuda, workspace.stream(),
                               fp8);
        TextContext text = model.prepare_text(random_tensor({7, c.text_dim}, 1));
        text.picture = model.prepare_picture(random_tensor({257, c.image_dim}, 3));
        Tensor flow(latents.shape(), DType::F32, Device::Cuda);
        for (const double timestep : {0.0, 500.0}) {
            model.forward(latents, std::vector<double>(3, timestep), text, memory, flow, workspace);
            memory.advance(timestep == 0 ? 3 : 0);
        }
        workspace.synchronize();
        flows.push_back(flow.to(Device::Cpu));
    }
    double noise = 0, signal = 0;
    for (int64_t i = 0; i < flows[0].count(); ++i) {
        const double a = flows[0].data<float>()[i], b = flows[1].data<float>()[i];
        signal += a * a;
        noise += (a - b) * (a - b);
    }
    const double decibels = 10 * std::log10(signal / noise);
    std::printf("fp8 against bf16: %.1f dB\n", decibels);
    EXPECT_GT(decibels, 25);
}

#ifdef LONGTAKE_CUDA
// Recording a graph fails when something allocates, waits or goes to another stream.
TEST(CudaTransformer, APassOfAKnownSizeCanBeRecorded) {
    LONGTAKE_NEEDS_GPU();
    const CausalTransformer model = tiny("tiny_transformer_i2v", DType::BF16, Device::Cuda);
    TransformerWorkspace workspace(Device::Cuda);
    ReferenceMemory memory(model.config(), DType::BF16, 3, 3, kTinyTokens, Device::Cuda,
                           workspace.stream());
    TextContext text = model.prepare_text(random_tensor({2, 20}, 1));
    text.picture = model.prepare_picture(random_tensor({7, 28}, 3));
    const Tensor latents = random_tensor({3, 6, 4, 6}, 2).to(Device::Cuda);
    Tensor flow({3, 4, 4, 6}, DType::F32, Device::Cuda);
    const std::vector<double> timesteps{500, 500, 0};
    model.forward(latents, timesteps, text, memory, flow, workspace);
    workspace.synchronize();
    const Tensor expected = flow.to(Device::Cpu);
    const CudaGraph graph = CudaGraph::capture(workspace.stream(), [&] {
        model.forward(latents, timesteps, text, memory, flow, workspace);
    });
    const Tensor zero = Tensor::zeros(flow.shape());
    copy_bytes(flow.raw(), Device::Cuda, zero.raw(), Device::Cpu, flow.bytes());
    graph.launch(workspace.stream());
    workspace.synchronize();
    EXPECT_TRUE(same_bits(flow.to(Device::Cpu), expected));
}
#endif

}  // namespace
}  // namespace longtake::diffusion
