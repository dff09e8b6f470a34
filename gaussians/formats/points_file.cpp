#include "gaussians/formats/points_file.h"

#include "core/error.h"
#include "core/file.h"
#include "gaussians/formats/ply_file.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::gaussians {
namespace {

Points points_of(const PlyFile& file) {
    const PlyElement& vertices = file.element("vertex");
    constexpr std::array kPlaces{"x", "y", "z"}, kColours{"red", "green", "blue"};
    vertices.column(kPlaces[0]);  // before memory is taken: a promise of rows without bytes
    const auto rows = static_cast<int64_t>(vertices.count);
    Points points;
    points.positions.resize(static_cast<std::size_t>(3 * rows));
    points.colours.resize(points.positions.size(), 128);
    for (std::size_t k = 0; k < 3; ++k) {
        const PlyColumn places = vertices.column(kPlaces[k]);
        for (int64_t i = 0; i < rows; ++i) {
            const double place = places.number(i);
            check_input(std::isfinite(place), "the {} of point {} is no number", kPlaces[k], i);
            points.positions[static_cast<std::size_t>(3 * i) + k] = static_cast<float>(place);
        }
        if (vertices.has(kColours[k])) {
            const PlyColumn colours = vertices.column(kColours[k]);
            for (int64_t i = 0; i < rows; ++i) {
                const double colour = colours.number(i);
                check_input(!std::isnan(colour), "the {} of point {} is no number", kColours[k], i);
                points.colours[static_cast<std::size_t>(3 * i) + k] =
                    static_cast<uint8_t>(std::clamp(colour, 0., 255.));
            }
        }
    }
    return points;
}

}  // namespace

Points read_points(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    try {
        return points_of(PlyFile(file->bytes()));
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

}  // namespace longtake::gaussians
