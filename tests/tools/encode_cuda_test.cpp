#include "gaussians/codec/stream_reader.h"
#include "tests/core/cuda_testing.h"
#include "tests/tools/recording.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::HasSubstr;

// Without a camera that is held out, what is shown on the way is one of those that are learnt from,
// whose pictures lie on the GPU.
TEST_F(Recording, IsEncodedOnTheGpuWithAndWithoutACameraHeldOut) {
    LONGTAKE_NEEDS_GPU();
    for (const bool held_out : {false, true}) {
        std::vector<std::string> more{"--device", "cuda", "--preview", "seen.png"};
        if (held_out) {
            more.insert(more.end(), {"--test", "view_01"});
        }
        const Outcome outcome = runner.run(command("a.ltv", more));
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_THAT(outcome.out,
                    HasSubstr(held_out ? "average of view_01" : "average of the first camera"));
        EXPECT_EQ(read_png(runner.folder / "seen.png").shape(), Shape({kHeight, 2 * kWidth, 3}));
        EXPECT_THAT(runner.run({"info", "a.ltv", "--verify"}).out,
                    HasSubstr("verified: all 5 frames"));
    }
    const Outcome moment = runner.run(command("a.ply", {"--device", "cuda"}));
    EXPECT_EQ(moment.exit_code, 0) << moment.err;
}

}  // namespace
}  // namespace longtake
