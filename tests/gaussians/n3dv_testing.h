#pragma once

#include "tests/core/zip_testing.h"

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

// poses_bounds.npy of N3DV, by hand.
namespace longtake::gaussians {

// Of a camera that looks along z.
struct N3dvCamera {
    int width, height;
    double focal;
    std::array<double, 3> place;
};
inline std::vector<double> n3dv_row(const N3dvCamera& c) {
    const auto w = static_cast<double>(c.width), h = static_cast<double>(c.height);
    return {0, 1, 0, c.place[0], h, 1, 0, 0, c.place[1], w, 0, 0, -1, c.place[2], c.focal, 1, 100};
}

inline std::string n3dv_rows(const std::vector<std::vector<double>>& rows,
                             const std::string& type = "<f8") {
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" +
                         std::to_string(rows.size()) + ", 17), }";
    header.resize(117, ' ');
    std::string text = std::string("\x93NUMPY\x01\x00", 8) + little(118, 2) + header + "\n";
    for (const auto& row : rows) {
        for (const double v : row) {
            text += type == "<f8" ? little(std::bit_cast<uint64_t>(v), 8)
                                  : little(std::bit_cast<uint32_t>(static_cast<float>(v)), 4);
        }
    }
    return text;
}

}  // namespace longtake::gaussians
