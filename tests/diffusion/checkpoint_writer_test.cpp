#include "diffusion/weights/checkpoint_writer.h"

#include "core/error.h"
#include "diffusion/model_writer.h"
#include "diffusion/video_model.h"
#include "diffusion/weights/scaled_fp8.h"
#include "tests/diffusion/checkouts.h"
#include "tests/diffusion/testing.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <string>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

WeightMap transformer() {
    return ModelFolder::find(kCheckpoints / "self_forcing_dmd.pt").transformer->open();
}

TEST(CheckpointWriter, KeepsEveryBitUnderDiffusersNames) {
    const TemporaryFolder folder;
    const fs::path out = folder / "t.safetensors";
    int64_t bytes = 0;
    const WeightMap from = transformer();
    write_checkpoint(from, out, {.dtype = {}, .progress = [&](int64_t b) { bytes += b; }});
    EXPECT_EQ(bytes, from.bytes());
    const auto expected = SafetensorsFile::open(kTinyModelFolder / "transformer" /
                                                "diffusion_pytorch_model.safetensors");
    const auto written = SafetensorsFile::open(out);
    EXPECT_EQ(written->names(), expected->names());
    for (const std::string& name : expected->names()) {
        EXPECT_TRUE(same_bits(written->tensor(name), expected->tensor(name))) << name;
    }
}

TEST(CheckpointWriter, ChangesTheType) {
    const TemporaryFolder folder;
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
        write_checkpoint(transformer(), folder / "t.safetensors", {.dtype = dtype});
        const auto written = SafetensorsFile::open(folder / "t.safetensors");
        for (const std::string& name : written->names()) {
            const Tensor expected = transformer().get(name).to(dtype);
            EXPECT_TRUE(same_bits(written->tensor(name), expected)) << name;
        }
    }
}

TEST(CheckpointWriter, EightBitsComeBackWithinHalfAStep) {
    const TemporaryFolder folder;
    const WeightMap from = transformer();
    write_checkpoint(from, folder / "t.safetensors", {.dtype = DType::F8E4M3});
    const auto file = SafetensorsFile::open(folder / "t.safetensors");
    EXPECT_THAT(file->metadata().at("fp8"), HasSubstr("NAME_scale"));
    const WeightMap written = WeightMap::open(folder / "t.safetensors");
    EXPECT_EQ(written.names(), from.names());  // the scales do not show
    int64_t matrices = 0;
    for (const std::string& name : from.names()) {
        const Tensor before = from.get(name), after = written.get(name);
        if (file->info(name).dtype != DType::F8E4M3) {
            EXPECT_TRUE(same_bits(before, after)) << name;
            continue;
        }
        ++matrices;
        const Tensor wide = before.to(DType::F32);
        const Tensor scales = file->tensor(fp8_scale_name(name));
        ASSERT_EQ(scales.shape(), Shape({before.extent(0), 1}));
        for (int64_t i = 0; i < wide.count(); ++i) {
            const float was = wide.data<float>()[i], is = after.data<float>()[i];
            const float smallest = scales.data<float>()[i / before.extent(1)] / 512;  // subnormal
            // Three bits of mantissa: half a step is at most 1/16 of the value.
            ASSERT_LE(std::abs(was - is), std::max(std::abs(was) / 16, smallest / 2) * 1.0001F)
                << name;
        }
    }
    EXPECT_EQ(matrices, 2 * 10);  // per block: four of each attention, two of the feed-forward
}

TEST(CheckpointWriter, FewerBitsFromFewerBitsAreRefused) {
    const TemporaryFolder folder;
    write_checkpoint(transformer(), folder / "a.safetensors", {.dtype = DType::F8E4M3});
    const WeightMap eight = WeightMap::open(folder / "a.safetensors");
    EXPECT_THROW(write_checkpoint(eight, folder / "b.safetensors", {.dtype = {}}), InputError);
    EXPECT_THROW(write_checkpoint(eight, folder / "b.safetensors", {.dtype = DType::F8E4M3}),
                 InputError);
    write_checkpoint(eight, folder / "b.safetensors", {.dtype = DType::F32});
    EXPECT_EQ(folder.size(), 2u);
}

TEST(CheckpointWriter, NothingIsLeftOfAnAbandonedFile) {
    const TemporaryFolder folder;
    struct Stop {};
    EXPECT_THROW(write_checkpoint(transformer(), folder / "t.safetensors",
                                  {.dtype = {}, .progress = [](int64_t) { throw Stop(); }}),
                 Stop);
    EXPECT_EQ(folder.size(), 0u);
    write_safetensors(folder / "large.safetensors",
                      {{"w", Tensor::from(std::array{70000.F}, {1})}});
    const WeightMap large = WeightMap::open(folder / "large.safetensors");
    EXPECT_THROW(write_checkpoint(large, folder / "t.safetensors", {.dtype = DType::F16}),
                 InputError);
    EXPECT_EQ(folder.size(), 1u);
}

TEST(ScaledFp8, ReadsOtherPeoplesScales) {
    const TemporaryFolder folder;
    const Tensor ones = Tensor::from(std::array{1.F, 2.F, -3.F, 4.F}, {2, 2}).to(DType::F8E4M3);
    const auto read = [&](const std::vector<std::pair<std::string, Tensor>>& tensors) {
        write_safetensors(folder / "t.safetensors", tensors);
        return WeightMap::open(folder / "t.safetensors").get("q.weight");
    };
    const auto number = [](float f) { return Tensor::from(std::array{f}, {1}); };
    EXPECT_EQ(read({{"q.weight", ones}}).data<float>()[2], -3.F);
    EXPECT_EQ(read({{"q.weight", ones}, {"q.scale_weight", number(2)}}).data<float>()[2], -6.F);
    EXPECT_EQ(read({{"q.weight", ones}, {"q.weight_scale", number(.5F)}}).data<float>()[3], 2.F);
    const Tensor rows = Tensor::from(std::array{1.F, 10.F}, {2});
    EXPECT_EQ(read({{"q.weight", ones}, {"q.weight_scale", rows}}).data<float>()[3], 40.F);
    EXPECT_THROW(read({{"q.weight", ones}, {"q.weight_scale", Tensor::zeros({3})}}), InputError);
    Tensor nan = ones.clone();
    nan.data<f8e4m3>()[1].bits = 0x7f;
    EXPECT_THROW(read({{"q.weight", nan}}), InputError);
}

TEST(ModelWriter, WritesTheFullAutoencoderToo) {
    const TemporaryFolder folder;
    make_self_forcing(folder / "from");
    std::filesystem::remove(folder / "from/taew2_1.pth");
    copy_to(kFixtures / "tiny_wan_vae/diffusion_pytorch_model.safetensors",
            folder / "from/vae/diffusion_pytorch_model.safetensors");
    write_model(ModelFolder::find(folder / "from"), folder / "out", {});
    const auto vae = *ModelFolder::find(folder / "out").vae;
    EXPECT_FALSE(vae.config.empty());
    EXPECT_EQ(WanVaeConfig::of(vae.open(), vae.config).base, 4);
    const Tensor latents = random_tensor({2, 16, 6, 8}, 3);
    EXPECT_TRUE(same_bits(decoded(*VideoModel::load(folder / "from", DType::F32), latents),
                          decoded(*VideoModel::load(folder / "out", DType::F32), latents)));
}

TEST(ModelWriter, WritesAFolderThatMakesTheSame) {
    const TemporaryFolder folder;
    make_self_forcing(folder / "Self-Forcing");
    write_model(ModelFolder::find(folder / "Self-Forcing"), folder / "out/", {});
    EXPECT_EQ(folder.size(), 2u);
    const auto a = VideoModel::load(folder / "Self-Forcing", DType::F32);
    const auto b = VideoModel::load(folder / "out", DType::F32);
    EXPECT_TRUE(same_bits(a->encode("a red ball"), b->encode("a red ball")));
    EXPECT_EQ(a->config().height, b->config().height);
    EXPECT_EQ(a->transformer().config().eps, b->transformer().config().eps);
    const Tensor latents = random_tensor({2, 16, 6, 8}, 3);
    EXPECT_TRUE(same_bits(decoded(*a, latents), decoded(*b, latents)));
    EXPECT_TRUE(a->autoencoder().encodes() && b->autoencoder().encodes());
    EXPECT_THROW(write_model(ModelFolder::find(folder / "out"), folder / "out", {}), InputError);
    EXPECT_THROW(write_model(ModelFolder::find(kCheckpoints / "taew2_1.pth"), folder / "b", {}),
                 InputError);
    EXPECT_EQ(folder.size(), 2u);
}

}  // namespace
}  // namespace longtake::diffusion
