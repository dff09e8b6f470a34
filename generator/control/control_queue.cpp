#include "generator/control/control_queue.h"

#include <utility>

namespace longtake::generator {

int64_t ControlQueue::post(Control control) {
    const std::lock_guard lock(mutex_);
    takes_ += std::holds_alternative<BeginTake>(control);
    waiting_.push_back({++newest_, std::move(control)});
    return newest_;
}

std::vector<ControlQueue::Numbered> ControlQueue::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

bool ControlQueue::waiting() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

int64_t ControlQueue::takes() const {
    const std::lock_guard lock(mutex_);
    return takes_;
}

}  // namespace longtake::generator
