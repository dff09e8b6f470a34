#include "diffusion/models/taehv.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/core/allocation_counter.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/testing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr int64_t kTaehvHeight = 5, kTaehvWidth = 7;  // of the latents

std::shared_ptr<const TaehvDecoder> decoder(DType compute = DType::F32) {
    const auto folder = kFixtures / "tiny_taehv";
    return std::make_shared<TaehvDecoder>(TaehvConfig::read(folder / "config.json", {}),
                                          WeightMap::open(folder), compute);
}

std::shared_ptr<const TaehvEncoder> encoder(DType compute = DType::F32) {
    const auto folder = kFixtures / "tiny_taehv";
    return std::make_shared<TaehvEncoder>(TaehvConfig::read(folder / "config.json", {}),
                                          WeightMap::open(folder), compute);
}

Tensor fixture(const std::string& name) {
    return SafetensorsFile::open(kFixtures / "tiny_taehv_video.safetensors")->tensor(name);
}

TaehvState decoding(const std::shared_ptr<const TaehvDecoder>& model) {
    return {model, kTaehvHeight, kTaehvWidth};
}

Tensor decode(const std::shared_ptr<const TaehvDecoder>& model, TaehvState& state,
              const Tensor& latents, DType type = DType::F32) {
    Tensor frames({state.frames(latents.extent(0)), 8 * kTaehvHeight, 8 * kTaehvWidth, 3}, type);
    model->decode(latents, state, frames);
    return frames;
}

// Latents [begin, end) and the frames of each piece, one after the other.
template <typename Run>
Tensor in_pieces(const std::vector<int64_t>& pieces, const Tensor& whole, Run&& run) {
    Tensor result(whole.shape(), whole.dtype());
    auto* to = static_cast<std::byte*>(result.raw());
    int64_t at = 0;
    for (const int64_t count : pieces) {
        const Tensor part = run(at, at + count);
        std::memcpy(to, part.raw(), part.bytes());
        to += part.bytes();
        at += count;
    }
    EXPECT_EQ(to, static_cast<std::byte*>(result.raw()) + result.bytes());
    return result;
}

const std::vector<std::vector<int64_t>> kCuts{{1, 1, 1, 1, 1}, {3, 2}, {1, 4}, {2, 1, 2}};

TEST(TaehvDecoder, EqualsTheReference) {
    const auto model = decoder();
    TaehvState state = decoding(model);
    const Tensor frames = decode(model, state, fixture("latents"));
    EXPECT_EQ(frames.extent(0), 17);
    EXPECT_LT(max_difference(frames, fixture("frames")), 1e-5F);  // measured 1.0e-6
}

TEST(TaehvDecoder, EightBitsAreTheRoundedReference) {
    const auto model = decoder();
    TaehvState state = decoding(model);
    Tensor frames;
    model->decode(fixture("latents"), state, frames);
    const Tensor expected = fixture("frames");
    ASSERT_EQ(frames.shape(), expected.shape());
    for (int64_t i = 0; i < frames.count(); ++i) {
        ASSERT_NEAR(frames.data<uint8_t>()[i], expected.data<float>()[i] * 255, 0.502) << i;
    }
}

TEST(TaehvDecoder, Bf16IsClose) {
    const auto model = decoder(DType::BF16);
    try {
        TaehvState state = decoding(model);
        const Tensor frames = decode(model, state, fixture("latents"));
        EXPECT_LT(max_difference(frames, fixture("frames")), 2e-2F);  // measured 1.35e-2
    } catch (const Error& e) {
        GTEST_SKIP() << e.what();
    }
}

TEST(TaehvDecoder, StreamingEqualsTheWholeBitForBit) {
    const auto model = decoder();
    const Tensor latents = fixture("latents");
    TaehvState state = decoding(model);
    const Tensor whole = decode(model, state, latents);
    for (const auto& cut : kCuts) {
        state.reset();
        EXPECT_TRUE(same_bits(whole, in_pieces(cut, whole, [&](int64_t begin, int64_t end) {
                                  return decode(model, state, latents.slice(begin, end));
                              })));
    }
}

TEST(TaehvDecoder, ALaterLatentLeavesEarlierFramesAlone) {
    const auto model = decoder();
    const Tensor latents = fixture("latents");
    TaehvState state = decoding(model);
    const Tensor whole = decode(model, state, latents);
    Tensor changed = latents.clone();
    changed.slice(3, 4).data<float>()[0] += 1.F;
    state.reset();
    const Tensor other = decode(model, state, changed);
    EXPECT_TRUE(same_bits(whole.slice(0, 9), other.slice(0, 9)));
    EXPECT_FALSE(same_bits(whole.slice(9, 10), other.slice(9, 10)));
    EXPECT_FALSE(same_bits(whole.slice(13, 14), other.slice(13, 14)));  // by memory
}

TEST(TaehvDecoder, ASnapshotBringsTheStreamBack) {
    const auto model = decoder();
    const Tensor latents = fixture("latents");
    TaehvState state = decoding(model);
    decode(model, state, latents.slice(0, 2));
    const TaehvSnapshot snapshot = state.snapshot();
    const Tensor rest = decode(model, state, latents.slice(2, 5));
    state.reset();
    EXPECT_EQ(state.frames(1), 1);
    EXPECT_FALSE(same_bits(rest.slice(0, 9), decode(model, state, latents.slice(2, 5))));
    state.restore(snapshot);
    EXPECT_EQ(state.latents(), 2);
    EXPECT_TRUE(same_bits(rest, decode(model, state, latents.slice(2, 5))));
    TaehvState other(model, kTaehvHeight + 1, kTaehvWidth);
    EXPECT_THROW(other.restore(snapshot), Error);
}

TEST(TaehvDecoder, TheSteadyStateAllocatesNothing) {
    // Tall and wide enough that whatever is ours (the latents, the least, have 36 kB) is larger
    // than what oneDNN allocates in every call, which on some machines is more than 1 kB.
    constexpr int64_t kTall = 4 * kTaehvHeight, kBroad = 4 * kTaehvWidth;
    const auto model = decoder();
    TaehvState state(model, kTall, kBroad);
    const Tensor latents = random_tensor({5, 16, kTall, kBroad}, 1);
    Tensor first, later;
    const auto buffers = [&](const Tensor& part, Tensor& frames) {
        const AllocationCounter counter(16384);
        model->decode(part, state, frames);
        return counter.count();
    };
    EXPECT_GT(buffers(latents.slice(0, 1), first), 0U);
    later = Tensor({8, 8 * kTall, 8 * kBroad, 3}, DType::U8);
    EXPECT_EQ(buffers(latents.slice(1, 3), later), 0U);
    EXPECT_EQ(buffers(latents.slice(3, 5), later), 0U);
}

TEST(TaehvDecoder, CountsItsWork) {
    // As the layers run, folded: 24, 16, 12, 8 channels at 5 x 7 latents.
    const double p = 5 * 7;
    const double level_0 = 2 * p * 9 * 16 * 24 + 3 * 2 * p * 9 * 4 * 24 * 24;
    const double level_1 = 4 * 2 * p * 4 * 24 * 16 + 3 * 2 * 4 * p * 9 * 4 * 16 * 16;
    const double level_2 = 4 * 2 * 4 * p * 4 * 16 * 24 + 2 * 3 * 2 * 16 * p * 9 * 4 * 12 * 12;
    const double colours = 2 * 4 * 2 * 16 * p * 4 * 12 * 16 + 4 * 2 * 16 * p * 16 * 8 * 12;
    const double by_hand = level_0 + level_1 + level_2 + colours;
    EXPECT_DOUBLE_EQ(decoder()->flops(5, 7), by_hand);
}

TEST(TaehvDecoder, RefusesOtherSizes) {
    const auto model = decoder();
    TaehvState state = decoding(model);
    Tensor frames;
    EXPECT_THROW(model->decode(random_tensor({1, 16, 5, 8}, 1), state, frames), Error);
    EXPECT_THROW(model->decode(random_tensor({1, 8, 5, 7}, 1), state, frames), Error);
    Tensor wrong({4, 40, 56, 3}, DType::U8);
    EXPECT_THROW(model->decode(random_tensor({1, 16, 5, 7}, 1), state, wrong), Error);
    const auto another = decoder();
    EXPECT_THROW(another->decode(random_tensor({1, 16, 5, 7}, 1), state, frames), Error);
}

TaehvEncoderState encoding(const std::shared_ptr<const TaehvEncoder>& model) {
    return {model, 8 * kTaehvHeight, 8 * kTaehvWidth};
}

TEST(TaehvEncoder, EqualsTheReference) {
    const auto model = encoder();
    TaehvEncoderState state = encoding(model);
    const Tensor latents = model->encode(fixture("images"), state);
    EXPECT_LT(max_difference(latents, fixture("encoded")), 1e-5F);  // measured 1.9e-6
    EXPECT_GT(max_abs(latents), 1.F);
}

TEST(TaehvEncoder, Bf16IsClose) {
    const auto model = encoder(DType::BF16);
    try {
        TaehvEncoderState state = encoding(model);
        const Tensor latents = model->encode(fixture("images"), state);
        // Measured 7e-3 of the largest value.
        EXPECT_LT(max_difference(latents, fixture("encoded")), 2e-2F * max_abs(latents));
    } catch (const Error& e) {
        GTEST_SKIP() << e.what();
    }
}

TEST(TaehvEncoder, OneImageIsTheFirstLatent) {
    const auto model = encoder();
    TaehvEncoderState state = encoding(model);
    const Tensor images = fixture("images");
    const Tensor whole = model->encode(images, state);
    state.reset();
    EXPECT_TRUE(same_bits(whole.slice(0, 1), model->encode(images.slice(0, 1), state)));
}

TEST(TaehvEncoder, StreamingEqualsTheWholeBitForBit) {
    const auto model = encoder();
    const Tensor images = fixture("images");
    TaehvEncoderState state = encoding(model);
    const Tensor whole = model->encode(images, state);
    for (const auto& cut : kCuts) {
        state.reset();
        EXPECT_TRUE(same_bits(whole, in_pieces(cut, whole, [&](int64_t begin, int64_t end) {
                                  return model->encode(
                                      images.slice(begin == 0 ? 0 : 4 * begin - 3, 4 * end - 3),
                                      state);
                              })));
    }
}

TEST(TaehvEncoder, RefusesFramesThatDoNotFillLatents) {
    const auto model = encoder();
    TaehvEncoderState state = encoding(model);
    const Tensor images = fixture("images");
    EXPECT_THROW(model->encode(images.slice(0, 4), state), InputError);
    EXPECT_THROW(model->encode(images.slice(0, 0), state), InputError);
    model->encode(images.slice(0, 1), state);
    EXPECT_THROW(model->encode(images.slice(0, 1), state), InputError);
    EXPECT_THROW(TaehvEncoderState(model, 36, 56), InputError);
}

}  // namespace
}  // namespace longtake::diffusion
