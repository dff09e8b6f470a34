#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/layouts.h"

#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

constexpr double kSubpixels = 64;      // of a pixel, in which lengths are counted
constexpr double kMillimetres = 1000;  // of the metre

// The calibration; empty when there is none.
fs::path file_in(const fs::path& path) {
    if (path.string().ends_with(".qca.txt")) {
        return path;
    }
    for (const fs::path& folder : {path, path / "calibration"}) {
        if (fs::is_directory(folder)) {
            for (const auto& entry : fs::directory_iterator(folder)) {
                if (entry.path().string().ends_with(".qca.txt")) {
                    return entry.path();
                }
            }
        }
    }
    return {};
}

double number(const pugi::xml_node& node, const char* name) {
    const double value = node.attribute(name).as_double(std::nan(""));
    check_input(std::isfinite(value), "the {} of a camera has no {}", node.name(), name);
    return value;
}

Lens read_lens(const pugi::xml_node& node) {
    const auto frame = node.child("fov_video"), inside = node.child("intrinsic");
    const double left = number(frame, "left"), top = number(frame, "top");
    Lens lens{.camera = calibrated_camera(number(frame, "right") - left + 1,
                                          number(frame, "bottom") - top + 1,
                                          number(inside, "focalLengthU") / kSubpixels,
                                          number(inside, "focalLengthV") / kSubpixels),
              .distortion = Lens::Distortion::Radial};
    // The centre of the first pixel is (0, 0) there.
    lens.camera.cx = number(inside, "centerPointU") / kSubpixels - left + 0.5;
    lens.camera.cy = number(inside, "centerPointV") / kSubpixels - top + 0.5;
    lens.coefficients = {number(inside, "radialDistortion1"), number(inside, "radialDistortion2"),
                         number(inside, "tangentalDistortion1"),
                         number(inside, "tangentalDistortion2")};
    lens.coefficients[4] = number(inside, "radialDistortion3");
    return lens;
}

// The matrix takes the world to the camera with y up and z back; the place is in millimetres.
void read_pose(const pugi::xml_node& node, Camera& camera) {
    const auto pose = node.child("transform");
    for (size_t i = 0; i < 3; ++i) {
        double length = 0;
        for (size_t j = 0; j < 3; ++j) {
            const std::string name{'r', static_cast<char>('1' + i), static_cast<char>('1' + j)};
            camera.rotation[3 * i + j] = (i == 0 ? 1 : -1) * number(pose, name.c_str());
            length += camera.rotation[3 * i + j] * camera.rotation[3 * i + j];
            const double place = number(pose, std::array{"x", "y", "z"}[j]) / kMillimetres;
            camera.translation[i] -= camera.rotation[3 * i + j] * place;
        }
        check_input(std::abs(length - 1) < 1e-3, "the transform of a camera is no rotation");
    }
}

}  // namespace

bool is_qualisys(const fs::path& path) {
    return !file_in(path).empty();
}

Capture read_qualisys(const fs::path& path) {
    const fs::path file = file_in(path);
    fs::path folder = fs::absolute(file).parent_path();
    folder = folder.filename() == "calibration" ? folder.parent_path() : folder;
    const auto bytes = MappedFile::open(file);
    pugi::xml_document document;
    const auto parsed = document.load_buffer(bytes->bytes().data(), bytes->bytes().size());
    check_input(parsed, "{}: is no calibration of Qualisys: {}", file.string(),
                parsed.description());
    Capture capture{.layout = "Qualisys", .views = {}, .points = {}};
    for (const auto& node : document.child("calibration").child("cameras").children("camera")) {
        const std::string name = node.attribute("serial").as_string();
        try {
            check_input(!name.empty() && fs::path(name).filename() == name,
                        "it has a camera of the serial {}", in_quotes(name));
            CapturedView view{.name = name,
                              .lens = read_lens(node),
                              .pictures = PictureSource::find(folder, name)};
            read_pose(node, view.lens.camera);
            capture.views.push_back(std::move(view));
        } catch (const InputError& e) {
            fail_input("{}: {}", file.string(), e.what());
        }
    }
    check_input(!capture.views.empty(), "{}: it has no cameras", file.string());
    // Marker cameras film nothing.
    const auto blind = [](const CapturedView& view) { return view.pictures.empty(); };
    if (!std::ranges::all_of(capture.views, blind)) {
        std::erase_if(capture.views, blind);
    }
    return capture;
}

}  // namespace longtake::gaussians
