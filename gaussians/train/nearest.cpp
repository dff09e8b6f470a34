#include "gaussians/train/nearest.h"

#include "core/parallel.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace longtake::gaussians {
namespace {

// A k-d tree in place: the middle of each range divides it along its widest side.
class Tree {
  public:
    explicit Tree(std::span<const float> points)
        : points_(points), order_(points.size() / 3), axes_(points.size() / 3) {
        std::iota(order_.begin(), order_.end(), int32_t{0});
        build(0, order_.size());
    }

    float mean_of_nearest(int32_t point) const {
        Query query{point, {}};
        query.best.fill(std::numeric_limits<float>::infinity());
        search(0, order_.size(), query);
        double sum = 0;
        int found = 0;
        for (const float d : query.best) {
            if (d < std::numeric_limits<float>::infinity()) {
                sum += d;
                ++found;
            }
        }
        return found == 0 ? 0.F : static_cast<float>(sum / found);
    }

  private:
    struct Query {
        int32_t point;
        std::array<float, 3> best;  // squared distances, ascending
    };

    float at(int32_t point, std::size_t axis) const {
        return points_[3 * static_cast<std::size_t>(point) + axis];
    }

    void build(std::size_t begin, std::size_t end) {
        if (end - begin < 2) {
            return;
        }
        std::size_t widest = 0;
        float width = -1;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            float low = at(order_[begin], axis), high = low;
            for (std::size_t i = begin; i < end; ++i) {
                low = std::min(low, at(order_[i], axis));
                high = std::max(high, at(order_[i], axis));
            }
            if (high - low > width) {
                width = high - low;
                widest = axis;
            }
        }
        const std::size_t middle = (begin + end) / 2;
        const auto first = order_.begin();
        std::nth_element(first + static_cast<std::ptrdiff_t>(begin),
                         first + static_cast<std::ptrdiff_t>(middle),
                         first + static_cast<std::ptrdiff_t>(end),
                         [&](int32_t a, int32_t b) { return at(a, widest) < at(b, widest); });
        axes_[middle] = static_cast<uint8_t>(widest);
        build(begin, middle);
        build(middle + 1, end);
    }

    void search(std::size_t begin, std::size_t end, Query& query) const {
        if (begin == end) {
            return;
        }
        const std::size_t middle = (begin + end) / 2;
        const int32_t here = order_[middle];
        float square = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const float d = at(here, axis) - at(query.point, axis);
            square += d * d;
        }
        if (here != query.point && square < query.best[2]) {
            query.best[2] = square;
            std::sort(query.best.begin(), query.best.end());
        }
        const float d = at(query.point, axes_[middle]) - at(here, axes_[middle]);
        const bool lower = d < 0;
        lower ? search(begin, middle, query) : search(middle + 1, end, query);
        if (d * d < query.best[2]) {
            lower ? search(middle + 1, end, query) : search(begin, middle, query);
        }
    }

    std::span<const float> points_;
    std::vector<int32_t> order_;
    std::vector<uint8_t> axes_;  // of the division at each place
};

}  // namespace

std::vector<float> neighbour_distances(std::span<const float> points) {
    const Tree tree(points);
    std::vector<float> distances(points.size() / 3);
    parallel_for(static_cast<int64_t>(distances.size()), [&](int64_t i) {
        distances[static_cast<std::size_t>(i)] = tree.mean_of_nearest(static_cast<int32_t>(i));
    });
    return distances;
}

}  // namespace longtake::gaussians
