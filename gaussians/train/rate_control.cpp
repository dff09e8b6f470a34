#include "gaussians/train/rate_control.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longtake::gaussians {

// Measured with streams of degree 2 and the memory of a GPU (tests/records/gaussians_queen.jsonl).
constexpr double kKeyBytes = 14.1;       // of a Gaussian
constexpr double kGaussianBytes = 5500;  // in training
constexpr double kPixelBytes = 30;       // of all views, in training
constexpr double kOtherBytes = 2e8;      // in training
constexpr double kKeyShare = 0.4;        // of a segment
constexpr double kLeastShare = 0.02;     // of an even share: what a frame may always take
constexpr double kCostPower = 2;         // bytes go about with the cost's root
constexpr double kMostCostStep = 32;
constexpr double kLeastCost = 5e-4, kMostCost = 1000;

int64_t most_gaussians(const StreamBudget& budget, double segment_seconds, int64_t pixels) {
    double most = std::numeric_limits<int32_t>::max();
    if (budget.bytes_per_second) {
        most = std::min(most, kKeyShare * *budget.bytes_per_second * segment_seconds / kKeyBytes);
    }
    if (budget.memory_bytes) {
        const double others = kOtherBytes + kPixelBytes * static_cast<double>(pixels);
        most = std::min(most, (*budget.memory_bytes - others) / kGaussianBytes);
    }
    return static_cast<int64_t>(std::max(1., most));
}

RateControl::RateControl(const StreamBudget& budget, const Effort& start, int64_t segment_frames,
                         double segment_seconds)
    : budget_(budget),
      start_(start),
      next_(start),
      segment_frames_(segment_frames),
      frames_left_(segment_frames),
      segment_bytes_(budget.bytes_per_second.value_or(0) * segment_seconds),
      bytes_left_(segment_bytes_) {}

void RateControl::begin_segment() {
    next_.gate_cost = start_.gate_cost;
    frames_left_ = segment_frames_;
    bytes_left_ = segment_bytes_;
}

std::optional<double> RateControl::bytes_a_frame() const {
    if (!budget_.bytes_per_second) {
        return std::nullopt;
    }
    const double least = kLeastShare * segment_bytes_ / static_cast<double>(segment_frames_);
    return std::max(least, bytes_left_ / static_cast<double>(std::max<int64_t>(1, frames_left_)));
}

void RateControl::spent(double bytes, double seconds, bool key) {
    --frames_left_;
    bytes_left_ -= bytes;
    if (const auto target = bytes_a_frame(); target && !key) {
        const double step = std::pow(std::max(bytes, 1.) / *target, kCostPower);
        next_.gate_cost =
            std::clamp(next_.gate_cost * std::clamp(step, 1 / kMostCostStep, kMostCostStep),
                       kLeastCost, kMostCost);
    }
    if (budget_.seconds_per_frame && seconds > 0) {
        const double round = seconds / static_cast<double>(next_.rounds);
        round_seconds_ = round_seconds_ > 0 ? (round_seconds_ + round) / 2 : round;
        constexpr int64_t kLeastRounds = 2, kMostTimes = 3;
        next_.rounds = std::clamp(static_cast<int64_t>(*budget_.seconds_per_frame / round_seconds_),
                                  kLeastRounds, kMostTimes * start_.rounds);
    }
}

}  // namespace longtake::gaussians
