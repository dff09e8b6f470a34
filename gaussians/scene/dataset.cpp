#include "gaussians/scene/dataset.h"

#include "core/error.h"
#include "gaussians/scene/datasets/layouts.h"

#include <algorithm>
#include <utility>

namespace longtake::gaussians {

bool Dataset::recognizes(const std::filesystem::path& path) {
    return std::ranges::any_of(kLayouts, [&](const Layout& l) { return l.recognizes(path); });
}

Dataset Dataset::open(const std::filesystem::path& path) {
    check_input(std::filesystem::exists(path), "{}: there is no such file or folder",
                path.string());
    std::string known;
    for (const Layout& layout : kLayouts) {
        if (layout.recognizes(path)) {
            return Dataset(layout.read(path));
        }
        known += fmt::format("{}{}", known.empty() ? "" : ", ", layout.shown);
    }
    fail_input("{}: no known dataset; there should be one of {}", path.string(), known);
}

Dataset::Dataset(Capture capture)
    : layout_(std::move(capture.layout)),
      views_(std::move(capture.views)),
      points_(std::move(capture.points)) {
    check_input(!views_.empty(), "the dataset has no cameras");
    std::ranges::sort(views_, {}, &CapturedView::name);
    for (CapturedView& view : views_) {
        if (const auto size = view.pictures.size()) {
            view.lens = view.lens.resized(size->first, size->second);
        }
        try {
            cameras_.push_back(undistorted(view.lens));
        } catch (const InputError& e) {
            fail_input("camera {}: {}", view.name, e.what());
        }
    }
}

std::optional<int64_t> Dataset::frame_count() const {
    std::optional<int64_t> frames;
    for (const CapturedView& view : views_) {
        const auto count = view.pictures.count();
        if (!count) {
            return std::nullopt;
        }
        frames = std::min(*count, frames.value_or(*count));
    }
    return frames;
}

void Dataset::follow() {
    for (CapturedView& view : views_) {
        view.pictures.follow();
    }
}

int64_t Dataset::waiting() const {
    int64_t most = 0;
    for (const CapturedView& view : views_) {
        most = std::max(most, view.pictures.waiting());
    }
    return most;
}

std::optional<Tensor> Dataset::image(size_t view, int64_t frame) {
    CapturedView& v = views_[view];
    std::optional<Tensor> picture = v.pictures.frame(frame);
    if (!picture) {
        return std::nullopt;
    }
    check_input(
        picture->extent(0) == v.lens.camera.height && picture->extent(1) == v.lens.camera.width,
        "frame {} of camera {} is {}x{}, not {}x{} like the first", frame, v.name,
        picture->extent(1), picture->extent(0), v.lens.camera.width, v.lens.camera.height);
    return v.lens.distortion == Lens::Distortion::None
               ? std::move(picture)
               : undistort(*picture, v.lens, cameras_[view]);
}

}  // namespace longtake::gaussians
