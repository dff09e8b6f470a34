#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/datasets/colmap_model.h"

#include <array>
#include <sstream>

namespace longtake::gaussians {
namespace {

constexpr size_t kLimit = size_t{1} << 31;  // bytes

// Calls `read` for every line that is no comment, with its words, and for images, whose every
// second line lists keypoints, for every other.
template <typename Read>
void read_lines(const std::filesystem::path& path, bool every_other, Read&& read) {
    std::istringstream text(read_text(path, kLimit));
    std::string line;
    for (int64_t number = 1; std::getline(text, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos || line.starts_with('#')) {
            continue;
        }
        std::istringstream words(line);
        try {
            read(words);
            check_input(!words.fail(), "{} is not as expected", in_quotes(line));
        } catch (const InputError& e) {
            fail_input("{}:{}: {}", path.string(), number, e.what());
        }
        if (every_other) {
            std::getline(text, line);
            ++number;
        }
    }
}

}  // namespace

ColmapModel read_colmap_text(const std::filesystem::path& folder) {
    ColmapModel model;
    read_lines(folder / "cameras.txt", false, [&](std::istream& words) {
        uint32_t id = 0;
        std::string name;
        int64_t width = 0, height = 0;
        words >> id >> name >> width >> height;
        std::vector<double> values;
        for (double v = 0; words >> v;) {
            values.push_back(v);
        }
        words.clear();
        model.cameras[id] = colmap_lens(name, width, height, values);
    });
    read_lines(folder / "images.txt", true, [&](std::istream& words) {
        ColmapModel::Image image;
        uint32_t id = 0;
        words >> id;
        for (double& v : image.rotation) {
            words >> v;
        }
        for (double& v : image.translation) {
            words >> v;
        }
        words >> image.camera >> std::ws;
        std::getline(words, image.name);  // which may have spaces in it
        if (image.name.ends_with('\r')) {
            image.name.pop_back();
        }
        model.images.push_back(std::move(image));
    });
    std::vector<float>& positions = model.points.positions;
    std::vector<uint8_t>& colours = model.points.colours;
    if (std::filesystem::exists(folder / "points3D.txt")) {
        read_lines(folder / "points3D.txt", false, [&](std::istream& words) {
            uint64_t id = 0;
            std::array<float, 3> position{};
            std::array<int, 3> colour{};
            words >> id >> position[0] >> position[1] >> position[2];
            words >> colour[0] >> colour[1] >> colour[2];
            positions.insert(positions.end(), position.begin(), position.end());
            colours.insert(colours.end(), colour.begin(), colour.end());
        });
    }
    return model;
}

}  // namespace longtake::gaussians
