#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace longtake::generator {

// The name of a test whose parameter is a policy with its options.
inline std::string policy_name(const testing::TestParamInfo<std::string>& test) {
    std::string name = test.param;
    std::ranges::replace_if(
        name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

}  // namespace longtake::generator
