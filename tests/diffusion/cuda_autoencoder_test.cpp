#include "core/error.h"
#include "diffusion/ops/frame_attention.h"
#include "diffusion/ops/pixels.h"
#include "tests/core/allocation_counter.h"
#include "tests/diffusion/cuda_testing.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/random_autoencoder.h"

#include <filesystem>
#include <functional>

// Both autoencoders on the GPU against the ones on the CPU.
namespace longtake::diffusion {
namespace {

TEST(CudaPixels, EqualTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    const Tensor latent = random_tensor({1, 5, 3, 4}, 1, DType::F32, 3.F);
    const std::vector<float> mean{0.5F, -1, 0, 2, 0.1F}, std{0.5F, 1, 2, 3, 0.25F};
    for (const DType dtype : kTypes) {
        for (const bool scaled : {false, true}) {
            const auto scale = [&](Device device) {
                return scaled ? LatentScale(mean, std, device) : LatentScale();
            };
            const LatentScale here = scale(Device::Cpu), there = scale(Device::Cuda);
            Tensor x({1, 3, 4, 5}, dtype), gx = poisoned(x.shape(), dtype, Device::Cuda);
            latent_to_pixels(latent, here, scaled, x);
            latent_to_pixels(latent.to(Device::Cuda), there, scaled, gx, gpu.stream());
            const Tensor z = random_tensor({1, 3, 4, 7}, 4);
            Tensor back(latent.shape(), DType::F32), gback = back.to(Device::Cuda);
            pixels_to_latent(z, here, back);
            pixels_to_latent(z.to(Device::Cuda), there, gback, gpu.stream());
            gpu.synchronize();
            EXPECT_LT(error_of(gx, x), bound(dtype));
            EXPECT_LT(error_of(gback, back), 1e-6F);
        }
        Tensor frames({2, 4, 6, 3}, DType::U8);
        for (int64_t i = 0; i < frames.count(); ++i) {
            frames.data<uint8_t>()[i] = static_cast<uint8_t>(i * 37 % 256);
        }
        for (const bool centred : {false, true}) {
            Tensor x(frames.shape(), dtype), gx = x.to(Device::Cuda);
            frames_to_pixels(frames, centred, x);
            frames_to_pixels(frames.to(Device::Cuda), centred, gx, gpu.stream());
            gpu.synchronize();
            EXPECT_LT(error_of(gx, x), bound(dtype));
            for (const Shape& shape : {Shape{2, 4, 6, 3}, Shape{2, 2, 3, 12}}) {
                const Tensor values = random_tensor(shape, 5);
                Tensor bytes(frames.shape(), DType::U8), there = bytes.to(Device::Cuda);
                pixels_to_frames(values, centred, bytes);
                pixels_to_frames(values.to(Device::Cuda), centred, there, gpu.stream());
                gpu.synchronize();
                EXPECT_TRUE(same_bits(there.to(Device::Cpu), bytes)) << shape.str();
            }
        }
    }
}

TEST(CudaFrameAttention, EqualsTheCpu) {
    LONGTAKE_NEEDS_GPU();
    Workspace cpu, gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const auto& [height, channels] :
             {std::pair<int64_t, int64_t>{3, 16}, {7, 384}, {20, 384}}) {
            const Tensor qkv = random_tensor({2, height, 9, 3 * channels}, 1, dtype, 1.5F);
            const Shape shape{2, height, 9, channels};
            Tensor expected(shape, DType::F32), actual = poisoned(shape, dtype, Device::Cuda);
            frame_attention(qkv.to(DType::F32), expected, cpu);
            frame_attention(qkv.to(Device::Cuda), actual, gpu);
            gpu.synchronize();
            EXPECT_LT(error_of(actual, expected), bound(dtype)) << shape.str();
        }
    }
}

struct Kind {
    const char* name;
    std::function<std::shared_ptr<const Autoencoder>(DType, Device)> make;
    int64_t height, width;
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

std::shared_ptr<const Autoencoder> tiny_wan(DType compute, Device device) {
    const auto weights = WeightMap::open(kFixtures / "tiny_wan_vae");
    return make_autoencoder(WanVaeConfig::of(weights, {}), weights, compute, device);
}

std::shared_ptr<const Autoencoder> tiny_taehv(DType compute, Device device) {
    const auto folder = kFixtures / "tiny_taehv";
    return make_autoencoder(TaehvConfig::read(folder / "config.json", {}), WeightMap::open(folder),
                            compute, device);
}

// Of the public one's widths, whose convolutions go to the tensor cores.
std::shared_ptr<const Autoencoder> wide_wan(DType compute, Device device) {
    static const WeightMap weights = random_wan_vae(96);
    return make_autoencoder(WanVaeConfig{}, weights, compute, device);
}

std::shared_ptr<const Autoencoder> wide_taehv(DType compute, Device device) {
    static const WeightMap weights = random_taehv({});
    return make_autoencoder(TaehvConfig{}, weights, compute, device);
}

class CudaAutoencoder : public testing::TestWithParam<Kind> {
  protected:
    Tensor latents(int64_t count, unsigned seed = 1) const {
        return random_tensor({count, 16, GetParam().height, GetParam().width}, seed);
    }
    std::unique_ptr<DecodeStream> open(const std::shared_ptr<const Autoencoder>& model) const {
        return model->open(GetParam().height, GetParam().width);
    }
    Tensor decode(DecodeStream& stream, const Tensor& z) const {
        Tensor frames({stream.frames(z.extent(0)), 8 * z.extent(2), 8 * z.extent(3), 3}, DType::U8);
        stream.decode(z, frames);
        return frames;
    }
};

Tensor as_numbers(const Tensor& bytes) {
    Tensor values(bytes.shape(), DType::F32);
    std::ranges::copy(bytes.values<uint8_t>(), values.data<float>());
    return values;
}

TEST_P(CudaAutoencoder, DecodesLikeTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const auto z = latents(4);
    const auto stream = open(GetParam().make(DType::F32, Device::Cpu));
    const Tensor expected = as_numbers(decode(*stream, z));
    for (const DType compute : kTypes) {
        const auto gpu = open(GetParam().make(compute, Device::Cuda));
        const Tensor frames = as_numbers(decode(*gpu, z));
        EXPECT_LT(error_of(frames, expected), bound(compute)) << name_of(compute);
        if (compute == DType::F32) {
            EXPECT_LE(max_difference(frames, expected), 1.F);  // where it is rounded the other way
        }
        gpu->reset();
        EXPECT_TRUE(same_bits(frames, as_numbers(decode(*gpu, z.to(Device::Cuda)))));
    }
}

TEST_P(CudaAutoencoder, EncodesLikeTheCpu) {
    LONGTAKE_NEEDS_GPU();
    Tensor frames({9, 8 * GetParam().height, 8 * GetParam().width, 3}, DType::U8);
    const Tensor noise = random_tensor(frames.shape(), 2, DType::F32, 50.F);
    std::ranges::transform(noise.values<float>(), frames.data<uint8_t>(), [](float v) {
        return static_cast<uint8_t>(std::clamp(v + 128.F, 0.F, 255.F));
    });
    const Tensor expected = GetParam().make(DType::F32, Device::Cpu)->encode(frames);
    for (const DType compute : kTypes) {
        const auto model = GetParam().make(compute, Device::Cuda);
        EXPECT_LT(error_of(model->encode(frames), expected), bound(compute)) << name_of(compute);
    }
}

TEST_P(CudaAutoencoder, AStreamEqualsTheWholeClipBitForBit) {
    LONGTAKE_NEEDS_GPU();
    const auto z = latents(6);
    const auto stream = open(GetParam().make(DType::BF16, Device::Cuda));
    const Tensor whole = decode(*stream, z);
    for (const auto& cuts : std::vector<std::vector<int64_t>>{{0, 1, 6}, {0, 3, 6}, {0, 2, 3, 6}}) {
        stream->reset();
        int64_t at = 0;
        for (size_t i = 0; i + 1 < cuts.size(); ++i) {
            const Tensor part = decode(*stream, z.slice(cuts[i], cuts[i + 1]));
            EXPECT_TRUE(same_bits(part, whole.slice(at, at + part.extent(0)))) << cuts[i];
            at += part.extent(0);
        }
    }
}

TEST_P(CudaAutoencoder, ASnapshotBringsTheStreamBack) {
    LONGTAKE_NEEDS_GPU();
    const auto model = GetParam().make(DType::BF16, Device::Cuda);
    const auto z = latents(6);
    const auto stream = open(model), other = open(model);
    for (const int64_t cut : {0, 1, 3}) {
        stream->reset();
        if (cut > 0) {
            decode(*stream, z.slice(0, cut));
        }
        const auto snapshot = stream->snapshot();
        const Tensor rest = decode(*stream, z.slice(cut, 6));
        stream->restore(*snapshot);
        EXPECT_TRUE(same_bits(decode(*stream, z.slice(cut, 6)), rest)) << cut;
        other->restore(*snapshot);
        EXPECT_TRUE(same_bits(decode(*other, z.slice(cut, 6)), rest)) << cut;
    }
}

TEST_P(CudaAutoencoder, TheSteadyStateAllocatesNothing) {
    LONGTAKE_NEEDS_GPU();
    const auto stream = open(GetParam().make(DType::BF16, Device::Cuda));
    const auto z = latents(3);
    decode(*stream, z);
    Tensor frames({12, 8 * GetParam().height, 8 * GetParam().width, 3}, DType::U8);
    stream->decode(z, frames);
    const size_t before = free_gpu_memory();
    const AllocationCounter host(size_t{1} << 14);  // what is ours is larger than this
    stream->decode(z, frames);
    EXPECT_EQ(host.count(), 0U);
    EXPECT_EQ(free_gpu_memory(), before);
}

INSTANTIATE_TEST_SUITE_P(
    All, CudaAutoencoder,
    testing::Values(Kind{"TinyWan", tiny_wan, 3, 4}, Kind{"TinyTaehv", tiny_taehv, 5, 7},
                    Kind{"Wan", wide_wan, 6, 10}, Kind{"Taehv", wide_taehv, 5, 12}),
    [](const testing::TestParamInfo<Kind>& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace longtake::diffusion
