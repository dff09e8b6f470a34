#pragma once

#include "tests/tools/longtake_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace longtake {

// One line on stderr, the exit code, and nothing left behind.
inline void expect_refused(const Runner& runner, const std::vector<std::string>& arguments,
                           const std::string& reason, int exit_code = 2) {
    std::string shown;
    for (const std::string& a : arguments) {
        shown += a + " ";
    }
    SCOPED_TRACE(shown);
    const auto before = runner.files();
    const Outcome outcome = runner.run(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(lines(outcome.err), 1u) << outcome.err;
    EXPECT_THAT(outcome.err,
                testing::AllOf(testing::StartsWith("longtake: "), testing::HasSubstr(reason)));
    EXPECT_THAT(outcome.out, testing::IsEmpty());
    EXPECT_EQ(runner.files(), before);
}

}  // namespace longtake
