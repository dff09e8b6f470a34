#pragma once

#include "generator/control/handle.h"
#include "interactive/input.h"

#include <set>

namespace longtake::interactive {

// What keys and the pad ask of the camera at the moment: arrows move it, page keys go forward and
// back; with Shift arrows to the side orbit, those up and down roll.
class CameraPad {
  public:
    void key(const KeyChanged& key);
    // Deflections of the pad, -1 to 1; its owner puts them back to 0.
    generator::CameraMove& pad() { return pad_; }

    generator::CameraMove move() const;

  private:
    std::set<Key> down_;
    bool shift_ = false;
    generator::CameraMove pad_;
};

}  // namespace longtake::interactive
