#include "interactive/latency.h"

#include <algorithm>
#include <cmath>

namespace longtake::interactive {
namespace {

constexpr size_t kKept = 100;

}  // namespace

void LatencyMeter::shown(int64_t revision, double now) {
    while (!waiting_.empty() && waiting_.front().revision <= revision) {
        seconds_.push_back(now - waiting_.front().since);
        waiting_.pop_front();
        if (seconds_.size() > kKept) {
            seconds_.pop_front();
        }
    }
}

double LatencyMeter::quantile(double share) const {
    if (seconds_.empty()) {
        return 0;
    }
    std::vector<double> sorted(seconds_.begin(), seconds_.end());
    std::ranges::sort(sorted);
    const auto rank =
        static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1;
    return sorted[static_cast<size_t>(std::clamp<std::ptrdiff_t>(rank, 0, std::ssize(sorted) - 1))];
}

}  // namespace longtake::interactive
