#include "interactive/volume/path_editor.h"

#include <algorithm>

namespace longtake::interactive {

void PathEditor::add(gaussians::PathKey key) {
    key.time = empty() ? 0 : keys_.back().time + kStep;
    keys_.push_back(key);
}

void PathEditor::remove(size_t i) {
    const double gap = i + 1 < keys_.size() ? keys_[i + 1].time - keys_[i].time : 0;
    keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(i));
    for (size_t k = i; k < keys_.size(); ++k) {
        keys_[k].time -= gap;
    }
    stop();
}

void PathEditor::set_seconds_after(size_t i, double seconds) {
    const double by = std::clamp(seconds, 0.1, 600.0) - (keys_[i + 1].time - keys_[i].time);
    for (size_t k = i + 1; k < keys_.size(); ++k) {
        keys_[k].time += by;
    }
}

void PathEditor::write(const std::filesystem::path& path, const std::array<double, 3>& up,
                       double near) const {
    gaussians::write_camera_path(path, keys_, up, near);
}

void PathEditor::ride(double now) {
    if (keys_.size() > 1) {
        started_ = now;
    }
}

}  // namespace longtake::interactive
