#pragma once

#include "gaussians/scene/camera_path.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace longtake::interactive {

// Keyframes of a camera path as they are collected by hand, and the way along them.
class PathEditor {
  public:
    static constexpr double kStep = 2;  // seconds from a key to the next

    const std::vector<gaussians::PathKey>& keys() const { return keys_; }
    bool empty() const { return keys_.empty(); }
    double seconds() const { return empty() ? 0 : keys_.back().time; }

    // Behind the last one; its time follows.
    void add(gaussians::PathKey key);
    void remove(size_t i);  // the later ones move up
    // How long the way to key i + 1 takes; later keys move along.
    void set_seconds_after(size_t i, double seconds);

    gaussians::PathKey at(double time) const { return gaussians::along_path(keys_, time); }
    // As `render --path` reads it.
    void write(const std::filesystem::path& path, const std::array<double, 3>& up,
               double near) const;

    // Riding along: from `start` on until the end, at the clock's time.
    void ride(double now);
    void stop() { started_.reset(); }
    bool riding() const { return started_.has_value(); }
    double ridden(double now) const { return riding() ? now - *started_ : 0; }

  private:
    std::vector<gaussians::PathKey> keys_;
    std::optional<double> started_;
};

}  // namespace longtake::interactive
