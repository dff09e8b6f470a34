#include "interactive/live_take.h"
#include "tests/core/cuda_testing.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace longtake::interactive {
namespace {

TEST(CudaLiveTake, FramesAreGivenWhereTheyWereMadeToo) {
    LONGTAKE_NEEDS_GPU();
    const TemporaryFolder folder;
    generator::ControlQueue controls;
    Recorder recorder(folder.path(), 16);
    LiveTake take(
        {.model = diffusion::VideoModel::load(generator::kTinyModel, DType::F32, Device::Cuda),
         .model_name = "tiny",
         .device = "cuda",
         .steps = {},
         .frames_on_gpu = true},
        controls, recorder);
    controls.post(generator::BeginTake{1, "deep-forcing", {}});
    controls.post(generator::ShowPrompt{"a", false});
    std::deque<MadeChunk> shown;  // as many as a queue and a screen hold
    size_t free_before = 0;
    for (int i = 0; i < 12; ++i) {
        auto chunk = take.make([] { return false; });
        take.finish();
        ASSERT_TRUE(chunk.has_value());
        ASSERT_EQ(chunk->on_gpu.device(), Device::Cuda);
        shown.push_back(std::move(*chunk));
        for (const MadeChunk& held : shown) {
            const Tensor here = held.on_gpu.to(Device::Cpu);
            ASSERT_TRUE(std::ranges::equal(here.values<uint8_t>(), held.frames.values<uint8_t>()));
        }
        if (shown.size() > 2) {
            shown.pop_front();
        }
        if (i == 5) {
            free_before = free_gpu_memory();
        }
    }
    EXPECT_EQ(free_gpu_memory(), free_before);
}

}  // namespace
}  // namespace longtake::interactive
