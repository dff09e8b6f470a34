#include "generator/rollout.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/thread_count.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace longtake::generator {
namespace {

using diffusion::CausalTransformer;

const std::filesystem::path kFixtures = LONGTAKE_TEST_FIXTURES;
constexpr int64_t kRolloutHeight = 4, kRolloutWidth = 6, kRolloutTokens = 6;

std::shared_ptr<const CausalTransformer> tiny_transformer(DType compute = DType::F32) {
    return std::make_shared<CausalTransformer>(
        CausalTransformer::load(kFixtures / "tiny_transformer_24", compute));
}

CacheMemory memory_for(const CausalTransformer& model, const std::string& cache) {
    const auto& c = model.config();
    return CacheMemory(policy(cache), {.layers = static_cast<int>(c.layers),
                                       .heads = c.heads,
                                       .head_dim = c.head_dim,
                                       .tokens_per_frame = kRolloutTokens,
                                       .dtype = model.compute()});
}

float max_difference(const Tensor& a, const Tensor& b) {
    float most = 0;
    for (int64_t i = 0; i < a.count(); ++i) {
        most = std::max(most, std::abs(a.data<float>()[i] - b.data<float>()[i]));
    }
    return most;
}

// What the cache remembers is what a mask over the whole video would let through: the reference
// runs all twelve frames at once, in double, under a block-causal mask.
TEST(Rollout, CacheEqualsABlockCausalMask) {
    const auto model = tiny_transformer();
    const auto file = SafetensorsFile::open(kFixtures / "tiny_transformer_24_video.safetensors");
    const Tensor clean = file->tensor("clean"), noisy = file->tensor("noisy"),
                 timesteps = file->tensor("timesteps"), expected = file->tensor("flows");
    const auto text = model->prepare_text(file->tensor("text"));
    const auto part = [](const Tensor& t, int64_t c) {
        return t.slice(c, c + 1).reshape({3, t.extent(2), t.extent(3), t.extent(4)});
    };
    for (const char* cache : {"full", "window", "deep-sink", "deep-forcing"}) {
        CacheMemory memory = memory_for(*model, cache);
        diffusion::TransformerWorkspace workspace;
        const std::vector<double> zero(3, 0.0);
        for (int64_t c = 0; c < 4; ++c) {
            const float* t = timesteps.data<float>() + 3 * c;
            Tensor flow(part(expected, c).shape(), DType::F32);
            memory.begin_chunk(3);
            memory.begin_pass(CacheMemory::Pass::Noisy);
            model->forward(part(noisy, c), std::vector<double>(t, t + 3), text, memory, flow,
                           workspace);
            EXPECT_LT(max_difference(flow, part(expected, c)), 1e-5f) << cache << " chunk " << c;
            memory.begin_pass(CacheMemory::Pass::Clean);
            model->remember(part(clean, c), zero, text, memory, workspace);
        }
    }
}

// A take of some chunks: its clean latents, one tensor per chunk.
struct Take {
    std::string cache = "deep-forcing";
    uint64_t seed = 1;
    DType compute = DType::F32;
    int chunks = 12;

    std::vector<Tensor> run() const {
        const auto model = tiny_transformer(compute);
        Rollout rollout(model, diffusion::FlowMatchSchedule(5), {1000, 937.5, 833.333, 625});
        CacheMemory memory = memory_for(*model, cache);
        Tensor embeds({3, model->config().text_dim}, DType::F32);
        fill_gaussian({.seed = 99}, embeds.values<float>());
        const auto text = model->prepare_text(embeds);
        const auto noise = make_seeded_noise(seed);
        std::vector<Tensor> latents;
        for (int64_t c = 0; c < chunks; ++c) {
            latents.emplace_back(
                Shape{3, model->config().out_channels, kRolloutHeight, kRolloutWidth}, DType::F32);
            memory.begin_chunk(3);
            const std::array job{
                Rollout::Job{rollout, {c, 3 * c}, *noise, text, memory, latents.back()}};
            EXPECT_TRUE(Rollout::denoise(job));
            Rollout::remember(job);
        }
        return latents;
    }
};

bool same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    return std::ranges::equal(a, b, [](const Tensor& x, const Tensor& y) {
        return std::ranges::equal(x.values<float>(), y.values<float>());
    });
}

TEST(Rollout, TheSeedDecides) {
    const auto take = Take{}.run();
    EXPECT_TRUE(same_bits(take, Take{}.run()));
    EXPECT_FALSE(same_bits(take, Take{.seed = 2}.run()));
    for (const Tensor& t : take) {
        for (const float x : t.values<float>()) {
            ASSERT_TRUE(std::isfinite(x));
        }
    }
}

TEST(Rollout, ThreadsDoNotMatter) {
    for (const DType compute : {DType::F32, DType::BF16}) {
        std::vector<Tensor> one, three;
        {
            const ThreadCount threads(1);
            one = Take{.compute = compute}.run();
        }
        {
            const ThreadCount threads(3);
            three = Take{.compute = compute}.run();
        }
        EXPECT_TRUE(same_bits(one, three)) << name_of(compute);
    }
}

TEST(Rollout, PoliciesPartWhenTheWindowIsFull) {
    const auto window = Take{.cache = "window"}.run();
    for (const char* cache : {"sink", "deep-sink", "deep-forcing", "deep-forcing:paper=1"}) {
        const auto other = Take{.cache = cache}.run();
        const auto begin = [](const std::vector<Tensor>& t) {
            return std::vector<Tensor>(t.begin(), t.begin() + 7);
        };
        EXPECT_TRUE(same_bits(begin(window), begin(other))) << cache;
        EXPECT_FALSE(same_bits({window[7]}, {other[7]})) << cache;
    }
}

// Twenty-one frames at absolute positions, in a store that never forgets.
class AbsoluteWindow : public diffusion::AttentionMemory {
  public:
    AbsoluteWindow(const CacheGeometry& g, int64_t frames)
        : geometry_(g), store_(g, frames * g.tokens_per_frame) {}

    void begin_chunk(int64_t first_frame) {
        first_ = first_frame;
        for (int f = 0; f < 3; ++f) {
            positions_[f] = static_cast<double>(first_frame + f);
        }
    }
    std::span<const double> query_positions() const override { return positions_; }
    diffusion::KvView update(int layer, const Tensor&, const Tensor& keys,
                             const Tensor& values) override {
        const int64_t tokens = geometry_.tokens_per_frame;
        store_.place(layer, {first_ * tokens, (first_ + 3) * tokens}, static_cast<double>(first_));
        store_.write(layer, first_ * tokens, keys, values);
        store_.refresh(layer, {0, (first_ + 3) * tokens});
        diffusion::KvView view = store_.view(layer, (first_ + 3) * tokens);
        const int64_t skipped = std::max<int64_t>(0, first_ + 3 - 21) * tokens;
        view.keys = static_cast<const float*>(view.keys) + skipped * geometry_.head_dim;
        view.values = static_cast<const float*>(view.values) + skipped * geometry_.head_dim;
        view.slots -= skipped;
        return view;
    }

  private:
    CacheGeometry geometry_;
    KvStore store_;
    int64_t first_ = 0;
    std::array<double, 3> positions_{};
};

// Only differences between positions matter: moving the origin (at frame 84) does not show.
TEST(Rollout, MovingTheOriginDoesNotShow) {
    const auto model = tiny_transformer();
    CacheMemory moving = memory_for(*model, "deep-sink:sink=0");
    AbsoluteWindow absolute({.layers = static_cast<int>(model->config().layers),
                             .heads = model->config().heads,
                             .head_dim = model->config().head_dim,
                             .tokens_per_frame = kRolloutTokens},
                            99);
    diffusion::TransformerWorkspace workspace;
    const auto text = model->prepare_text(Tensor::zeros({1, model->config().text_dim}));
    const std::vector<double> timesteps(3, 100.0);
    Tensor latents({3, model->config().in_channels, kRolloutHeight, kRolloutWidth}, DType::F32);
    Tensor flow({3, model->config().out_channels, kRolloutHeight, kRolloutWidth}, DType::F32);
    Tensor expected(flow.shape(), DType::F32);
    for (int64_t frame = 0; frame < 99; frame += 3) {
        fill_gaussian({.seed = 5, .chunk = static_cast<uint64_t>(frame)}, latents.values<float>());
        moving.begin_chunk(3);
        absolute.begin_chunk(frame);
        model->forward(latents, timesteps, text, moving, flow, workspace);
        model->forward(latents, timesteps, text, absolute, expected, workspace);
        ASSERT_LT(max_difference(flow, expected), 1e-5f) << "at frame " << frame;
    }
    EXPECT_LT(moving.query_positions()[0], absolute.query_positions()[0]);
}

// A chunk made after frames 0 to 2 got their keys and values under `first` and then, where there is
// one, under `second`.
Tensor chunk_after(const std::string& first, const std::string& second) {
    const auto model = tiny_transformer();
    Rollout rollout(model, diffusion::FlowMatchSchedule(5), {1000, 750});
    CacheMemory memory = memory_for(*model, "recache:window=6,sink=0");
    const auto text = [&](const std::string& prompt) {
        Tensor embeds({3, model->config().text_dim}, DType::F32);
        fill_gaussian({.seed = prompt.size()}, embeds.values<float>());
        return model->prepare_text(embeds);
    };
    Tensor latents({3, model->config().out_channels, kRolloutHeight, kRolloutWidth}, DType::F32);
    fill_gaussian({.seed = 5}, latents.values<float>());
    const auto noise = make_seeded_noise(1);
    const auto under = [&](const diffusion::TextContext& prompt, int64_t chunk) {
        return std::array{
            Rollout::Job{rollout, {chunk, 3 * chunk}, *noise, prompt, memory, latents}};
    };
    const auto of_first = text(first), of_second = text(second), now = text("now");
    memory.begin_chunk(3);
    Rollout::remember(under(of_first, 0));
    EXPECT_EQ(memory.recached_before(3, Turn::None), 0);
    EXPECT_EQ(memory.recached_before(3, Turn::Prompt), 3);
    if (!second.empty()) {
        memory.begin_recache(3);
        Rollout::remember(under(of_second, 0));
    }
    memory.begin_chunk(3);
    EXPECT_TRUE(Rollout::denoise(under(now, 1)));
    return latents;
}

TEST(Rollout, RecachingIsACleanPassUnderTheNewPrompt) {
    const Tensor expected = chunk_after("the new one", "");
    EXPECT_EQ(max_difference(chunk_after("the old", "the new one"), expected), 0);
    EXPECT_GT(max_difference(chunk_after("the old", ""), expected), 1e-3F);
}

TEST(Rollout, StopEndsAChunkEarly) {
    const auto model = tiny_transformer();
    Rollout rollout(model, diffusion::FlowMatchSchedule(5), {1000, 500});
    CacheMemory memory = memory_for(*model, "window");
    const auto text = model->prepare_text(Tensor::zeros({1, model->config().text_dim}));
    Tensor latents({3, model->config().out_channels, kRolloutHeight, kRolloutWidth}, DType::F32);
    int asked = 0;
    memory.begin_chunk(3);
    const auto noise = make_seeded_noise(1);
    EXPECT_FALSE(
        Rollout::denoise(std::array{Rollout::Job{rollout, {}, *noise, text, memory, latents}},
                         [&] { return ++asked == 2; }));
    EXPECT_EQ(asked, 2);
}

TEST(Rollout, RefusesStepsThatDoNotFall) {
    const diffusion::FlowMatchSchedule schedule(5);
    EXPECT_THROW(Rollout(tiny_transformer(), schedule, {}), InputError);
    EXPECT_THROW(Rollout(tiny_transformer(), schedule, {500, 750}), InputError);
}

}  // namespace
}  // namespace longtake::generator
