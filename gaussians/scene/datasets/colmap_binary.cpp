#include "core/byte_reader.h"
#include "core/file.h"
#include "gaussians/scene/datasets/colmap_model.h"

#include <array>
#include <bit>

namespace longtake::gaussians {
namespace {

constexpr size_t kCameraBytes = 24, kImageBytes = 73, kPointBytes = 51;  // at least

double real(ByteReader& reader) {
    return std::bit_cast<double>(reader.number(8));
}

template <size_t N> std::array<double, N> reals(ByteReader& reader) {
    std::array<double, N> values{};
    for (double& v : values) {
        v = real(reader);
    }
    return values;
}

// Calls `read` for every entry of a file, whose number stands at its beginning.
template <typename Read>
void read_entries(const std::filesystem::path& path, size_t least_bytes, Read&& read) {
    const auto file = MappedFile::open(path);
    try {
        ByteReader reader(file->bytes());
        const uint64_t count = reader.number(8);
        check_input(count <= reader.left() / least_bytes, "it promises {} entries in {} bytes",
                    count, reader.left());
        for (uint64_t i = 0; i < count; ++i) {
            read(reader);
        }
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

}  // namespace

ColmapModel read_colmap_binary(const std::filesystem::path& folder) {
    ColmapModel model;
    read_entries(folder / "cameras.bin", kCameraBytes, [&](ByteReader& reader) {
        const auto id = static_cast<uint32_t>(reader.number(4));
        const auto [name, parameters] = colmap_camera_model(static_cast<int32_t>(reader.number(4)));
        const auto width = static_cast<int64_t>(reader.number(8)),
                   height = static_cast<int64_t>(reader.number(8));
        std::vector<double> values;
        for (size_t i = 0; i < parameters; ++i) {
            values.push_back(real(reader));
        }
        model.cameras[id] = colmap_lens(name, width, height, values);
    });
    read_entries(folder / "images.bin", kImageBytes, [&](ByteReader& reader) {
        ColmapModel::Image image;
        reader.take(4);
        image.rotation = reals<4>(reader);
        image.translation = reals<3>(reader);
        image.camera = static_cast<uint32_t>(reader.number(4));
        image.name = reader.text_until('\0');
        const uint64_t keypoints = reader.number(8);
        check_input(keypoints <= reader.left() / 24, "it ends too early");
        reader.take(24 * keypoints);
        model.images.push_back(std::move(image));
    });
    std::vector<float>& positions = model.points.positions;
    std::vector<uint8_t>& colours = model.points.colours;
    if (std::filesystem::exists(folder / "points3D.bin")) {
        read_entries(folder / "points3D.bin", kPointBytes, [&](ByteReader& reader) {
            reader.take(8);
            for (const double v : reals<3>(reader)) {
                positions.push_back(static_cast<float>(v));
            }
            for (int c = 0; c < 3; ++c) {
                colours.push_back(static_cast<uint8_t>(reader.number(1)));
            }
            reader.take(8);
            const uint64_t track = reader.number(8);
            check_input(track <= reader.left() / 8, "it ends too early");
            reader.take(8 * track);
        });
    }
    return model;
}

}  // namespace longtake::gaussians
