#include "core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace longtake {
namespace {

using testing::HasSubstr;
using testing::Not;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string contents(std::FILE* file) {
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
        text.push_back(static_cast<char>(c));
    }
    return text;
}

TEST(ProgressLine, TellsRateShareAndTimeLeft) {
    const std::string line = progress_line("generate", 30, 120, 10.0, "frames", "chunk 3", 0);
    EXPECT_EQ(line, "generate  25% 30/120 frames, 3.0/s, 0:30 left  chunk 3");
    EXPECT_EQ(progress_line("live", 7200, 0, 3700.0, "frames", "", 0),
              "live 7200 frames, 1.9/s, 1:01:40");
    EXPECT_EQ(progress_line("x", 0, 4, 0.0, "steps", "", 0), "x   0% 0/4 steps, 0.0/s, 0:00");
}

TEST(ProgressLine, KeepsToTheWidth) {
    const std::string text(200, 't');
    EXPECT_EQ(progress_line("generate", 30, 120, 10.0, "frames", text, 80).size(), 79u);
    EXPECT_THAT(progress_line("generate", 60, 120, 10.0, "frames", "", 80),
                HasSubstr("[============            ]"));
}

TEST(Progress, ElsewhereThanOnATerminalWritesAFewPlainLines) {
    const File file(std::tmpfile(), std::fclose);
    {
        Progress progress("generate", 1000, {.stream = file.get()});
        for (int i = 0; i < 1000; ++i) {
            progress.advance(1);
        }
        progress.finish();
    }
    const std::string text = contents(file.get());
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
    EXPECT_THAT(text, HasSubstr("100% 1000/1000 frames"));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, QuietWritesNothing) {
    const File file(std::tmpfile(), std::fclose);
    Progress progress("generate", 10, {.stream = file.get(), .quiet = true});
    progress.advance(10);
    progress.finish();
    EXPECT_EQ(contents(file.get()), "");
}

TEST(Progress, OnATerminalRedrawsOneLine) {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
        GTEST_SKIP() << "this machine has no pseudo-terminals";
    }
    const File terminal(std::fopen(::ptsname(master), "w"), std::fclose);
    ASSERT_TRUE(terminal);
    {
        Progress progress("generate", 1000, {.stream = terminal.get()});
        for (int i = 0; i < 1000; ++i) {
            progress.advance(1);
        }
    }
    std::string text;
    char bytes[4096];
    ::fcntl(master, F_SETFL, O_NONBLOCK);
    for (ssize_t n = 0; (n = ::read(master, bytes, sizeof bytes)) > 0;) {
        text.append(bytes, static_cast<size_t>(n));
    }
    ::close(master);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    EXPECT_THAT(text, HasSubstr(kClearLine));
    EXPECT_THAT(text, HasSubstr("100% ["));
}

}  // namespace
}  // namespace longtake
