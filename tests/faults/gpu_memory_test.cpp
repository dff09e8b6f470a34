#include "tests/core/cuda_testing.h"
#include "tests/faults/failing_calls.h"
#include "tests/tools/recording.h"

#include <gmock/gmock.h>

#include <set>

// The GPU's memory ends at this or that allocation of each command: one line says what for, how
// much was wanted and what to change, and nothing stands under the output's name.
namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::MatchesRegex;

class GpuMemory : public Recording {
  protected:
    // First without, then with a memory that ends at about a dozen of its allocations, the first
    // few among them.
    void exhaust(const std::vector<std::string>& arguments, const std::string& output) {
        std::vector<std::string> all = arguments;
        all.insert(all.begin(), LONGTAKE_BINARY);
        all.insert(all.end(), {"--device", "cuda", "-o", output});
        const Outcome whole = Subprocess(all, failing(runner, "cudaMalloc", 0)).wait();
        ASSERT_EQ(whole.exit_code, 0) << whole.err;
        const int count = counted_calls(runner);
        ASSERT_GT(count, 0);
        std::set<int> places{1, std::min(2, count), count};
        for (int i = 1; i < 10; ++i) {
            places.insert(std::max(1, count * i / 10));
        }
        for (const int at : places) {
            SCOPED_TRACE(fmt::format("{}: allocation {} of {}", arguments[0], at, count));
            fs::remove_all(runner.folder / output);
            const Outcome outcome = Subprocess(all, failing(runner, "cudaMalloc", at)).wait();
            EXPECT_EQ(outcome.signal, 0);
            EXPECT_EQ(outcome.exit_code, 2);
            EXPECT_THAT(
                complaint(outcome),
                MatchesRegex(
                    "longtake: [^:\n]+: out of GPU memory: [0-9]+ MiB wanted, [0-9]+ of [0-9]+ MiB "
                    "free; [^\n]*end other programs[^\n]*\n"));
            EXPECT_FALSE(fs::exists(runner.folder / output));
            for (const std::string& file : runner.files()) {  // where the next would go on
                if (file.find(".partial") != std::string::npos) {
                    fs::remove(runner.folder / file);
                }
            }
        }
    }
};

TEST_F(GpuMemory, OfAModelAndATake) {
    LONGTAKE_NEEDS_GPU();
    exhaust({"generate", "--frames", "45"}, "a.mp4");
}

TEST_F(GpuMemory, OfAMomentThatIsLearnt) {
    LONGTAKE_NEEDS_GPU();
    exhaust({"encode", "clip", "--points", "200", "--max", "300", "--iterations", "40", "--degree",
             "1"},
            "a.ply");
}

TEST_F(GpuMemory, OfAStreamThatIsLearnt) {
    LONGTAKE_NEEDS_GPU();
    exhaust({"encode", "clip", "--points", "200", "--max", "300", "--iterations", "40", "--degree",
             "1"},
            "a.ltv");
}

TEST_F(GpuMemory, OfAStreamThatIsDrawn) {
    LONGTAKE_NEEDS_GPU();
    exhaust(
        {"render", LONGTAKE_ASSETS "/streams/toyworld.ltv", "--size", "160x120", "--seconds", "1"},
        "a.mp4");
}

}  // namespace
}  // namespace longtake
