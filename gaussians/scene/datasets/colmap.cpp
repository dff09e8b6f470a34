#include "core/error.h"
#include "core/text.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/colmap_model.h"
#include "gaussians/scene/datasets/layouts.h"

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

bool has_model(const fs::path& folder) {
    return (fs::exists(folder / "cameras.bin") && fs::exists(folder / "images.bin")) ||
           (fs::exists(folder / "cameras.txt") && fs::exists(folder / "images.txt"));
}

// Where the model lies; empty when there is none.
fs::path model_folder(const fs::path& path) {
    for (const char* inside : {"sparse/0", "sparse", "colmap/sparse/0", "."}) {
        if (has_model(path / inside)) {
            return path / inside;
        }
    }
    return {};
}

// The folder of images beside the model, wherever in the layout the user pointed.
fs::path images_folder(const fs::path& path) {
    const fs::path absolute = fs::absolute(path).lexically_normal();
    for (const fs::path& base :
         {absolute, absolute.parent_path(), absolute.parent_path().parent_path(),
          absolute.parent_path().parent_path().parent_path()}) {
        if (fs::is_directory(base / "images")) {
            return base / "images";
        }
    }
    return path / "images";
}

}  // namespace

bool is_colmap(const fs::path& path) {
    return fs::is_directory(path) && !model_folder(path).empty();
}

Capture read_colmap(const fs::path& path) {
    const fs::path folder = model_folder(path);
    const bool binary = fs::exists(folder / "cameras.bin");
    ColmapModel model = binary ? read_colmap_binary(folder) : read_colmap_text(folder);
    const fs::path images = images_folder(path);
    Capture capture{.layout = binary ? "COLMAP, binary" : "COLMAP, text",
                    .views = {},
                    .points = std::move(model.points)};
    for (const ColmapModel::Image& image : model.images) {
        const auto lens = model.cameras.find(image.camera);
        check_input(lens != model.cameras.end(), "{}: image {} has the camera {}, which is missing",
                    folder.string(), in_quotes(image.name), image.camera);
        CapturedView view{.name = fs::path(image.name).replace_extension().string(),
                          .lens = lens->second,
                          .pictures = PictureSource({find_image(images / image.name)})};
        set_rotation(view.lens.camera, image.rotation);
        view.lens.camera.translation = image.translation;
        capture.views.push_back(std::move(view));
    }
    check_input(!capture.views.empty(), "{}: it has no images", folder.string());
    return capture;
}

}  // namespace longtake::gaussians
