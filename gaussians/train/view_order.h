#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace longtake::gaussians {

// Every view once before any comes again, in a random order.
class ViewOrder {
  public:
    explicit ViewOrder(std::size_t views) : views_(views) {}

    std::size_t next(std::mt19937_64& engine) {
        if (left_.empty()) {
            for (std::size_t view = 0; view < views_; ++view) {
                left_.push_back(view);
            }
        }
        std::swap(left_[engine() % left_.size()], left_.back());
        const std::size_t view = left_.back();
        left_.pop_back();
        return view;
    }

  private:
    std::size_t views_;
    std::vector<std::size_t> left_;  // of this round
};

}  // namespace longtake::gaussians
