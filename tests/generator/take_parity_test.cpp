#include "core/safetensors.h"
#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace longtake::generator {
namespace {

template <typename T> double worst_difference(const Tensor& a, const Tensor& b) {
    double worst = 0;
    for (int64_t i = 0; i < a.count(); ++i) {
        const auto difference =
            static_cast<double>(a.data<T>()[i]) - static_cast<double>(b.data<T>()[i]);
        worst = std::max(worst, std::abs(difference));
    }
    return worst;
}

// Four chunks of five passes each against PyTorch (tests/fixtures/make_take_fixture.py).
TEST(TakeParity, PromptToLatentsAndFrames) {
    const std::string path = LONGTAKE_TEST_FIXTURES "/tiny_take.safetensors";
    const auto file = SafetensorsFile::open(path);
    const Tensor latents = file->tensor("latents");
    const Tensor frames = file->tensor("every_fifth_frame");

    Session session(tiny_model(), {.cache = "full", .noise = read_noise(path, 0)});
    session.prompt().set("a red ball rolls", false);
    int64_t latent = 0;
    int64_t frame = 0;
    for (const Chunk& chunk : steps(session, 4)) {
        const int64_t made = chunk.latents.extent(0);
        const Tensor expected = latents.slice(latent, latent + made);
        ASSERT_EQ(chunk.latents.shape(), expected.shape());
        // measured 9.1e-6; values have deviation 1.3
        EXPECT_LT(worst_difference<float>(chunk.latents, expected), 1e-4)
            << "chunk " << chunk.receipt.chunk;
        latent += made;

        for (int64_t i = 0; i < chunk.frames.extent(0); ++i, ++frame) {
            if (frame % 5 == 0) {
                EXPECT_LE(worst_difference<uint8_t>(chunk.frames.slice(i, i + 1),
                                                    frames.slice(frame / 5, frame / 5 + 1)),
                          1)
                    << "frame " << frame;
            }
        }
    }
    EXPECT_EQ(latent, latents.extent(0));
    EXPECT_EQ(frame, 45);
}

}  // namespace
}  // namespace longtake::generator
