#include "tests/tools/longtake_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace longtake {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Waits until `done`, at most ten seconds.
template <typename Condition> bool wait_for(Condition done) {
    for (int i = 0; i < 1000; ++i) {
        if (done()) {
            return true;
        }
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

std::vector<std::string> endless(const std::string& output) {
    return {LONGTAKE_BINARY, "generate", "--frames", "5000000", "-o", output};
}

TEST(Interrupt, CtrlCFinishesTheFile) {
    for (const auto& [signal, exit_code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
        const Runner runner;
        Subprocess process(endless("take.mp4"), runner.options);
        const auto partial = runner.folder / "take.mp4.partial";
        std::error_code ignored;
        ASSERT_TRUE(wait_for([&] {
            return std::filesystem::file_size(partial, ignored) > 20'000 &&
                   std::filesystem::exists(partial);
        }));
        process.send(signal);
        const Outcome outcome = process.wait();
        EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
        EXPECT_EQ(runner.files(), (std::vector<std::string>{"take.mp4"}));
        EXPECT_GE(runner.frames_of("take.mp4"), 9);
        EXPECT_THAT(outcome.err, HasSubstr("frames/s"));
    }
}

// The output takes nothing any more: the first Ctrl-C waits for it, the second one does not.
TEST(Interrupt, ASecondCtrlCKills) {
    const Runner runner;
    const auto pipe = runner.folder / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    Subprocess process({LONGTAKE_BINARY, "generate", "--frames", "5000000", "-o", pipe.string(),
                        "--stream-format", "raw"},
                       runner.options);
    std::this_thread::sleep_for(1s);
    process.send(SIGINT);
    std::this_thread::sleep_for(300ms);
    process.send(SIGINT);
    const Outcome outcome = process.wait();
    ::close(reader);
    EXPECT_EQ(outcome.signal, SIGINT) << outcome.exit_code << outcome.err;
}

}  // namespace
}  // namespace longtake
