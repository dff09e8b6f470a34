#include "gaussians/train/gates.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <map>

namespace longtake::gaussians {
namespace {

double median_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::vector<float> gate_probabilities(std::span<const float> scores, GateStart start,
                                      double threshold) {
    constexpr float kJustOpen = 0.85F;  // of QUEEN's gates for N3DV; the other ones' is 0.917
    std::vector<float> result(scores.size(), start == GateStart::Even ? kJustOpen : 1.F);
    if (start == GateStart::Open || start == GateStart::Even || scores.empty()) {
        return result;
    }
    constexpr double kLeast = 1e-12;   // where more than half of the Gaussians do not change at all
    constexpr double kSoftest = 2e-4;  // S2GS
    const double median = median_of({scores.begin(), scores.end()});
    std::vector<double> deviations;
    for (const float score : scores) {
        deviations.push_back(std::abs(static_cast<double>(score) - median));
    }
    const double width = median_of(deviations) + kSoftest, middle = threshold * median;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const double score = scores[i];
        result[i] = static_cast<float>(start == GateStart::Median
                                           ? score / (score + std::max(middle, kLeast))
                                           : 1 / (1 + std::exp((middle - score) / width)));
    }
    return result;
}

float gate_logit(float probability, const GateShape& shape) {
    const double p = std::clamp(static_cast<double>(probability), 1e-6, 1 - 1e-6);
    const auto logit = static_cast<float>(std::log(p / (1 - p)));
    return std::clamp(logit + shape.offset, -kMostGateLogit, kMostGateLogit);
}

std::vector<float> pooled_scores(std::span<const float> scores, std::span<const float> means,
                                 double cell) {
    check(means.size() == 3 * scores.size() && cell > 0, "{} scores of {} numbers in cells of {}",
          scores.size(), means.size(), cell);
    std::map<std::array<int64_t, 3>, float> largest;
    const auto cell_of = [&](std::size_t i) {
        std::array<int64_t, 3> at{};
        for (std::size_t k = 0; k < 3; ++k) {
            at[k] = static_cast<int64_t>(std::floor(means[3 * i + k] / cell));
        }
        return at;
    };
    for (std::size_t i = 0; i < scores.size(); ++i) {
        float& most = largest[cell_of(i)];
        most = std::max(most, scores[i]);
    }
    std::vector<float> result(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        result[i] = largest.at(cell_of(i));
    }
    return result;
}

}  // namespace longtake::gaussians
