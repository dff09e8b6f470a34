#include "diffusion/models/causal_transformer.h"

#include "core/error.h"
#include "diffusion/weights/key_map.h"
#include "tests/core/allocation_counter.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/testing.h"
#include "tests/diffusion/tiny_transformer.h"

#include <omp.h>

#include <array>
#include <string>
#include <thread>

namespace longtake::diffusion {
namespace {

class TinyModel : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(CausalTransformer, TinyModel,
                         testing::Values("tiny_transformer_24", "tiny_transformer_32",
                                         "tiny_transformer_i2v"),
                         [](const auto& test) { return std::string(test.param).substr(17); });

TEST_P(TinyModel, OneChunkEqualsDiffusers) {
    const auto file =
        SafetensorsFile::open(kFixtures / (std::string(GetParam()) + "_chunk.safetensors"));
    const CausalTransformer model = tiny(GetParam());
    const Tensor flow = one_chunk(model, file->tensor("latents"), context_of(model, *file),
                                  file->tensor("timestep").data<float>()[0]);
    EXPECT_LT(max_difference(flow, file->tensor("flow")), 1e-5F);  // measured 1.5e-6
}

TEST_P(TinyModel, ChunksWithCacheEqualOneBlockCausalPass) {
    const Video video(GetParam());
    const Tensor flows = video.run(tiny(GetParam()));
    EXPECT_LT(max_difference(flows, video.expected), 1e-5F);  // measured 1.5e-6
}

TEST_P(TinyModel, Bf16IsNear) {
    const Video video(GetParam());
    const Tensor flows = video.run(tiny(GetParam(), DType::BF16));
    const float error = max_difference(flows, video.expected) / max_abs(video.expected);
    EXPECT_LT(error, 2e-2F);  // measured 3e-3
}

TEST_P(TinyModel, SameBitsWithOneThreadAndTwo) {
    const Video video(GetParam());
    const CausalTransformer model = tiny(GetParam());
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const Tensor one = video.run(model);
    omp_set_num_threads(2);
    const Tensor two = video.run(model);
    omp_set_num_threads(before);
    EXPECT_TRUE(same_bits(one, two));
}

TEST(CausalTransformer, OriginalNamesLoadTheSameModel) {
    for (const std::string name : {"tiny_transformer_24", "tiny_transformer_i2v"}) {
        const Video video(name);
        const CausalTransformer diffusers = tiny(name);
        const auto weights =
            WeightMap::open(kFixtures / (name + "_original.safetensors"), diffusers_from_original);
        const CausalTransformer original(diffusers.config(), weights, DType::F32);
        EXPECT_TRUE(same_bits(video.run(original), video.run(diffusers))) << name;
        EXPECT_EQ(TransformerConfig::of(weights, {}).image_dim, diffusers.config().image_dim);
    }
}

TEST(CausalTransformer, ATransformerOfTwoPicturesIsRefused) {
    const TemporaryFolder folder;
    const auto file =
        SafetensorsFile::open(kFixtures / "tiny_transformer_i2v_original.safetensors");
    std::vector<std::pair<std::string, Tensor>> tensors{
        {"img_emb.emb_pos", Tensor::zeros({1, 14, 28})}};
    for (const std::string& name : file->names()) {
        tensors.emplace_back(name, file->tensor(name));
    }
    write_safetensors(folder / "flf2v.safetensors", tensors);
    const auto weights = WeightMap::open(folder / "flf2v.safetensors", diffusers_from_original);
    EXPECT_THROW(TransformerConfig::of(weights, {}), InputError);
}

TEST(CausalTransformer, SeesThePicture) {
    const CausalTransformer model = tiny("tiny_transformer_i2v");
    TextContext context = model.prepare_text(random_tensor({2, 20}, 1));
    const Tensor latents = random_tensor({3, 6, 4, 6}, 2);
    const auto flow_with = [&](const Tensor& features) {
        context.picture = model.prepare_picture(features);
        return one_chunk(model, latents, context, 500);
    };
    const Tensor features = random_tensor({7, 28}, 3);
    const Tensor flow = flow_with(features);
    EXPECT_FALSE(same_bits(flow, flow_with(random_tensor({7, 28}, 4))));
    // Keys have no order.
    Tensor turned = features.clone();
    for (int64_t row = 0; row < 7; ++row) {
        std::copy_n(features.data<float>() + row * 28, 28, turned.data<float>() + (6 - row) * 28);
    }
    EXPECT_LT(max_difference(flow, flow_with(turned)), 1e-5F);
}

TEST(CausalTransformer, TheFutureDoesNotReachThePast) {
    Video video("tiny_transformer_32");
    const CausalTransformer model = tiny("tiny_transformer_32");
    const Tensor before = video.run(model);
    video.clean = video.clean.clone();
    video.noisy = video.noisy.clone();
    for (Tensor* t : {&video.clean, &video.noisy}) {
        Tensor future = t->slice(2, 4);
        std::fill_n(future.data<float>(), future.count(), 7.F);
    }
    const Tensor after = video.run(model);
    EXPECT_TRUE(same_bits(before.slice(0, 2), after.slice(0, 2)));
    EXPECT_FALSE(same_bits(before.slice(2, 3), after.slice(2, 3)));
}

TEST(CausalTransformer, AbsentChannelsAreZero) {
    const CausalTransformer model = tiny("tiny_transformer_32");
    const Tensor text = random_tensor({2, 20}, 1), part = random_tensor({3, 4, 4, 6}, 2);
    Tensor whole = Tensor::zeros({3, 6, 4, 6});
    for (int64_t f = 0; f < 3; ++f) {
        std::copy_n(part.data<float>() + f * 96, 96, whole.data<float>() + f * 144);
    }
    EXPECT_TRUE(same_bits(one_chunk(model, part, text, 500), one_chunk(model, whole, text, 500)));
}

TEST(CausalTransformer, PaddingCountsAsManyRows) {
    // The merged row must do what eight written-out rows do. Rows of tiny values are padding to
    // the model but not to `prepare_text`, which merges only exact zeros.
    const CausalTransformer model = tiny("tiny_transformer_24");
    const Tensor latents = random_tensor({3, 6, 4, 6}, 3);
    Tensor text = Tensor::zeros({12, 20});
    std::copy_n(random_tensor({4, 20}, 4).data<float>(), 80, text.data<float>());
    const Tensor merged = one_chunk(model, latents, text, 500);
    EXPECT_TRUE(same_bits(merged, one_chunk(model, latents, text.slice(0, 4), 500)));
    std::fill_n(text.data<float>() + 80, 160, 1e-30F);
    EXPECT_EQ(model.prepare_text(text).layers[0].keys.extent(1), 12);
    const Tensor written_out = one_chunk(model, latents, text, 500);
    EXPECT_LT(max_difference(merged, written_out), 1e-5F);  // measured 7e-7
    EXPECT_EQ(model.prepare_text(text.slice(0, 4)).layers[0].keys.extent(1), 5);
}

TEST(CausalTransformer, ARepeatedTakeIsTheSame) {
    const Video video("tiny_transformer_32");
    const CausalTransformer model = tiny("tiny_transformer_32");
    EXPECT_TRUE(same_bits(video.run(model), video.run(model)));
}

TEST(CausalTransformer, AMemoryNeedsNoWholePass) {
    const Video video("tiny_transformer_32");
    const CausalTransformer model = tiny("tiny_transformer_32");
    EXPECT_TRUE(same_bits(video.run(model), video.run(model, true)));
}

TEST(CausalTransformer, SessionsShareAModelAtTheSameTime) {
    const Video video("tiny_transformer_32");
    const CausalTransformer model = tiny("tiny_transformer_32");
    const Tensor alone = video.run(model);
    Tensor first, second;
    std::thread other([&] { first = video.run(model); });
    second = video.run(model);
    other.join();
    EXPECT_TRUE(same_bits(first, alone));
    EXPECT_TRUE(same_bits(second, alone));
}

TEST(CausalTransformer, APassOfAKnownSizeAllocatesNothing) {
    const CausalTransformer model = tiny("tiny_transformer_32");
    ReferenceMemory memory(model.config(), DType::F32, 3, 3, kTinyTokens);
    TransformerWorkspace workspace;
    const TextContext text = model.prepare_text(random_tensor({2, 20}, 1));
    const Tensor latents = random_tensor({3, 6, 4, 6}, 2);
    Tensor flow({3, 4, 4, 6}, DType::F32);
    const std::array<double, 3> steady{500, 500, 500}, mixed{500, 500, 0};
    const auto pass = [&](std::span<const double> timesteps) {
        const AllocationCounter counter(1024);  // oneDNN makes smaller ones in every call
        model.forward(latents, timesteps, text, memory, flow, workspace);
        return counter.count();
    };
    EXPECT_GT(pass(steady), 0U);
    EXPECT_EQ(pass(steady), 0U);
    EXPECT_GT(pass(mixed), 0U);
    EXPECT_EQ(pass(mixed), 0U);
}

TEST(CausalTransformer, RefusesWhatDoesNotFit) {
    const CausalTransformer model = tiny("tiny_transformer_32");
    const Tensor text = random_tensor({2, 20}, 1);
    EXPECT_THROW(one_chunk(model, random_tensor({3, 7, 4, 6}, 2), text, 500), Error);
    EXPECT_THROW(one_chunk(model, random_tensor({3, 6, 3, 6}, 2), text, 500), Error);
    EXPECT_THROW(model.prepare_text(random_tensor({13, 20}, 1)), Error);
    EXPECT_THROW(model.prepare_text(random_tensor({2, 19}, 1)), Error);
    EXPECT_THROW(model.prepare_picture(random_tensor({7, 28}, 1)), Error);  // it attends to none
    const CausalTransformer seeing = tiny("tiny_transformer_i2v");
    EXPECT_THROW(seeing.prepare_picture(random_tensor({7, 27}, 1)), Error);
    EXPECT_THROW(one_chunk(seeing, random_tensor({3, 6, 4, 6}, 2), text, 500), Error);  // without
}

}  // namespace
}  // namespace longtake::diffusion
