#include "core/error.h"
#include "tests/core/cuda_testing.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/allocation_counter.h"
#include "tests/generator/cuda_call_counter.h"
#include "tests/generator/following_model.h"
#include "tests/generator/policy_name.h"
#include "tests/generator/tiny_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

// Takes on the GPU against takes on the CPU.
namespace longtake::generator {
namespace {

using Model = std::shared_ptr<const diffusion::VideoModel>;

Model tiny_on_gpu() {
    static const Model model = diffusion::VideoModel::load(kTinyModel, DType::F32, Device::Cuda);
    return model;
}

Model bundled(DType compute, Device device) {
    return diffusion::VideoModel::load(LONGTAKE_ASSETS "/models/toyworld", compute, device);
}

Chunk on_cpu(const Chunk& chunk) {
    return {chunk.frames.clone(), chunk.latents.to(Device::Cpu).clone(), chunk.motion,
            chunk.receipt};
}

std::vector<Chunk> chunks_of(Session& session, int count) {
    std::vector<Chunk> chunks;
    for (int i = 0; i < count; ++i) {
        chunks.push_back(on_cpu(*session.step()));
    }
    return chunks;
}

// With a hard cut half-way.
std::vector<Chunk> take_of(const Model& model, const SessionOptions& options, int count) {
    Session session(model, options);
    session.prompt().set("a red ball rolls right on green grass by day", false);
    auto chunks = chunks_of(session, count / 2);
    session.prompt().set("a blue cube spins on sand by night", true);
    for (Chunk& chunk : chunks_of(session, count - count / 2)) {
        chunks.push_back(std::move(chunk));
    }
    return chunks;
}

// |a - b| / |b| of the latents, both as vectors.
double difference_of(const Chunk& a, const Chunk& b) {
    EXPECT_EQ(a.latents.shape(), b.latents.shape());
    double difference = 0, whole = 0;
    for (int64_t i = 0; i < a.latents.count(); ++i) {
        const double x = a.latents.data<float>()[i], y = b.latents.data<float>()[i];
        difference += (x - y) * (x - y);
        whole += y * y;
    }
    const double relative = std::sqrt(difference / whole);
    return std::isnan(relative) ? INFINITY : relative;
}

// Levels, out of 255, that no pixel differs by more than.
int pixel_difference(const Chunk& a, const Chunk& b) {
    int most = 0;
    for (int64_t i = 0; i < a.frames.count(); ++i) {
        most = std::max(most, std::abs(a.frames.data<uint8_t>()[i] - b.frames.data<uint8_t>()[i]));
    }
    return most;
}

void record(const char* name, double value) {
    testing::Test::RecordProperty(name, fmt::format("{:.2e}", value));
}

void expect_near(const std::vector<Chunk>& actual, const std::vector<Chunk>& expected,
                 double bound) {
    double most = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        const double difference = difference_of(actual[i], expected[i]);
        most = std::max(most, difference);
        EXPECT_LT(difference, bound) << "chunk " << i;
        EXPECT_LE(pixel_difference(actual[i], expected[i]), 1) << "chunk " << i;
        EXPECT_EQ(actual[i].receipt.cached_frames, expected[i].receipt.cached_frames);
    }
    record("largest_difference", most);
}

class CudaTinySession : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(CudaSession, CudaTinySession,
                         testing::Values("window", "sink", "deep-sink", "deep-forcing",
                                         "deep-forcing:window=9,sink=2,budget=7", "infinity-rope",
                                         "ema-sink:share=100", "memrope:fast=500",
                                         "rolling-sink:window=9", "recache:window=9",
                                         "streaming-vlm", "entropy", "surprise", "rebuild",
                                         "retrieval", "retrieval:window=12,blocks=1", "relic"),
                         policy_name);

TEST_P(CudaTinySession, EqualsTheCpu) {
    LONGTAKE_NEEDS_GPU();
    constexpr int kChunks = 22;
    expect_near(take_of(tiny_on_gpu(), seeded(1, GetParam()), kChunks),
                take_of(tiny_model(), seeded(1, GetParam()), kChunks), 1e-4);  // measured 1.5e-6
}

TEST_P(CudaTinySession, AnyChunkCanBeMadeAgain) {
    LONGTAKE_NEEDS_GPU();
    Session original(tiny_on_gpu(), seeded(1, GetParam()));
    original.prompt().set("a red ball", false);
    chunks_of(original, 9);
    const auto snapshot = original.snapshot();
    const auto expected = chunks_of(original, 3);
    original.restore(*snapshot);
    EXPECT_TRUE(same_take(chunks_of(original, 3), expected));
    Session other(tiny_on_gpu(), seeded(1, GetParam()));
    other.restore(*snapshot);
    EXPECT_TRUE(same_take(chunks_of(other, 3), expected));
}

#ifdef LONGTAKE_CUDA
TEST_P(CudaTinySession, SteadyStateAllocatesNothingAndOnlyFramesLeaveTheGpu) {
    LONGTAKE_NEEDS_GPU();
    Session session(tiny_on_gpu(), seeded(1, GetParam()));
    const bool leaves = session.memory().recall() != nullptr;  // what the cache lets go, too
    session.prompt().set("a red ball", false);
    for (int i = 0; i < 36; ++i) {  // until all that can come back has
        session.step();
    }
    session.finalize();
    const size_t host = live_allocations(), gpu = cuda_allocations(), left = cuda_bytes_to_host();
    size_t frames = 0;
    for (int i = 0; i < 30; ++i) {
        frames += session.step()->frames.bytes();
        session.finalize();
    }
    EXPECT_EQ(live_allocations(), host);
    EXPECT_EQ(cuda_allocations(), gpu);
    EXPECT_GT(gpu, 0U);  // or nothing was counted
    EXPECT_EQ(cuda_bytes_to_host() - left == frames, !leaves);
}
#endif

// Held against takes that are nothing like it, the tiny model always drifts.
TEST(CudaDrift, RingsAndReanchorsWhereTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const TemporaryFolder folder;
    std::filesystem::copy(kTinyModel, folder / "model", std::filesystem::copy_options::recursive);
    StillTakes{.spread = std::vector<float>(32, 1), .mean = -10}.write(folder / "model" /
                                                                       kStillTakes);
    const auto take_on = [&](Device device) {
        SessionOptions options = seeded(1, "window:window=9");
        options.drift = DriftOptions{};
        options.reanchor = true;
        Session session(diffusion::VideoModel::load(folder / "model", DType::F32, device), options);
        session.prompt().set("a red ball", false);
        return chunks_of(session, 16);
    };
    const auto here = take_on(Device::Cpu), there = take_on(Device::Cuda);
    expect_near(there, here, 1e-4);
    int reanchored = 0;
    for (size_t i = 0; i < here.size(); ++i) {
        EXPECT_EQ(there[i].receipt.reanchored, here[i].receipt.reanchored) << i;
        EXPECT_EQ(there[i].receipt.drift->alarm, here[i].receipt.drift->alarm) << i;
        EXPECT_NEAR(there[i].receipt.drift->evidence, here[i].receipt.drift->evidence, 1e-3) << i;
        reanchored += here[i].receipt.reanchored;
    }
    EXPECT_GE(reanchored, 2);
}

class CudaBundledSession : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(CudaSession, CudaBundledSession,
                         testing::Values("full", "window:window=6", "sink:window=6,sink=1",
                                         "deep-sink:window=6,sink=2",
                                         "deep-forcing:window=6,sink=1,budget=6,recent=4",
                                         "infinity-rope", "ema-sink:window=6",
                                         "memrope:window=6,sink=1", "rolling-sink:window=9",
                                         "recache:window=9", "streaming-vlm:window=9",
                                         "entropy:window=9", "surprise:window=9"),
                         policy_name);

TEST_P(CudaBundledSession, EqualsTheCpu) {
    LONGTAKE_NEEDS_GPU();
    static const Model here = bundled(DType::F32, Device::Cpu);
    static const Model there = bundled(DType::F32, Device::Cuda);
    Session cpu(here, seeded(3, GetParam())), gpu(there, seeded(3, GetParam()));
    for (Session* session : {&cpu, &gpu}) {
        session->prompt().set("a red ball rolls right on green grass by day", false);
    }
    // Measured 1.3e-5 to 8.4e-5: a trained model makes more of a rounding with every chunk.
    expect_near(chunks_of(gpu, 4), chunks_of(cpu, 4), 1e-4);
}

// A trained model makes more of a rounding from step to step, here more and there less, and other
// weights make other things of it: the GPU's bf16 is held to 2e-2 or, where the CPU's is further
// off than that, against it, over four takes.
TEST(CudaSession, Bf16IsAsNearAsOnTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const Model exact = bundled(DType::F32, Device::Cpu);
    const Model here = bundled(DType::BF16, Device::Cpu),
                there = bundled(DType::BF16, Device::Cuda);
    const auto two_chunks = [](const Model& model, uint64_t seed) {
        Session session(model, seeded(seed));
        session.prompt().set("a red ball rolls right on green grass by day", false);
        return chunks_of(session, 2);
    };
    constexpr int kTakes = 4;
    std::array<double, 2> cpu{}, gpu{};  // off by, on average
    for (uint64_t seed = 1; seed <= kTakes; ++seed) {
        const auto expected = two_chunks(exact, seed);
        const auto on_cpu = two_chunks(here, seed), on_gpu = two_chunks(there, seed);
        for (size_t i = 0; i < cpu.size(); ++i) {
            cpu[i] += difference_of(on_cpu[i], expected[i]) / kTakes;
            gpu[i] += difference_of(on_gpu[i], expected[i]) / kTakes;
        }
    }
    record("first", gpu[0]);
    record("first_on_cpu", cpu[0]);
    record("second", gpu[1]);
    record("second_on_cpu", cpu[1]);
    // Of the seventh training's weights 1.3e-2 and 1.9e-2, on the CPU 0.9e-2 and 1.1e-2.
    for (size_t i = 0; i < gpu.size(); ++i) {
        EXPECT_LT(gpu[i], std::max(2e-2, 1.5 * cpu[i]));
    }
}

// Chunks with and without tracks, so that recorded passes of both kinds are launched again.
TEST(CudaSession, FollowsTracksAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const auto take = [](const Model& model) {
        Session session(model, seeded(1));
        session.prompt().set("a red ball", false);
        std::vector<Chunk> chunks;
        for (int i = 0; i < 18; ++i) {
            session.motion().set(i % 6 < 3 ? std::vector<Handle>()
                                           : std::vector{pinned(static_cast<float>(3 * i))});
            chunks.push_back(on_cpu(*session.step()));
        }
        return chunks;
    };
    const auto here = take(following_model(Device::Cuda)), there = take(following_model());
    expect_near(here, there, 1e-4);
    EXPECT_GT(difference_of(here[4], take(tiny_on_gpu())[4]), 1e-3);
}

TEST(CudaSession, ARepeatedTakeIsTheSame) {
    LONGTAKE_NEEDS_GPU();
    const auto options = seeded(1, "deep-forcing:window=9,sink=2,budget=7");
    EXPECT_TRUE(
        same_take(take_of(tiny_on_gpu(), options, 20), take_of(tiny_on_gpu(), options, 20)));
}

TEST(CudaSession, TwoAtATimeDoNotDisturbEachOther) {
    LONGTAKE_NEEDS_GPU();
    const auto one = seeded(1), two = seeded(2, "memrope");
    const auto first = take_of(tiny_on_gpu(), one, 16), second = take_of(tiny_on_gpu(), two, 16);
    std::vector<Chunk> again;
    std::thread other([&] { again = take_of(tiny_on_gpu(), one, 16); });
    EXPECT_TRUE(same_take(take_of(tiny_on_gpu(), two, 16), second));
    other.join();
    EXPECT_TRUE(same_take(again, first));
}

TEST(CudaSession, BeginsWithAnImageAndStopsAndResets) {
    LONGTAKE_NEEDS_GPU();
    SessionOptions options = seeded(1);
    options.image = Tensor({48, 64, 3}, DType::U8);
    for (int64_t i = 0; i < options.image.count(); ++i) {
        options.image.data<uint8_t>()[i] = static_cast<uint8_t>(i % 199);
    }
    expect_near(take_of(tiny_on_gpu(), options, 6), take_of(tiny_model(), options, 6), 1e-4);
    Session session(tiny_on_gpu(), options);
    session.prompt().set("a red ball", false);
    const auto first = chunks_of(session, 8);
    EXPECT_FALSE(session.step([] { return true; }));
    EXPECT_THROW(session.step(), Error);
    session.reset();
    EXPECT_TRUE(same_take(chunks_of(session, 8), first));
}

}  // namespace
}  // namespace longtake::generator
