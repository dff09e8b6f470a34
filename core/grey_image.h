#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake {

// A grey PNG of 8 or 16 bits as it was stored, without any correction: such as depth.
struct GreyImage {
    int64_t width = 0, height = 0;
    std::vector<uint16_t> values;  // [height, width]
};
// Throws InputError when the file is not a sound grey PNG of a bounded size.
GreyImage read_grey(const std::filesystem::path& path);

}  // namespace longtake
