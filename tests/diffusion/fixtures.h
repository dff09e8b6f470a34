#pragma once

#include <filesystem>

namespace longtake::diffusion {

inline const std::filesystem::path kFixtures = LONGTAKE_TEST_FIXTURES;

}  // namespace longtake::diffusion
