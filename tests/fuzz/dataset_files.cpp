#include "tests/fuzz/dataset_files.h"

#include <array>

std::span<const char* const> longtake::fuzz::dataset_files() {
    static constexpr auto kFiles = std::to_array<const char*>({LONGTAKE_FUZZ_FILES});
    return kFiles;
}
