#pragma once

#include "gaussians/codec/residual.h"
#include "gaussians/train/regrowth.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// What the rows of a frame are made of, while it is learnt: rows of the frame before that stay, in
// their order, then clones, then splits, as in Residual.
class Lineage {
  public:
    // All rows of before but the removed ones, ascending.
    Lineage(int64_t before, const std::vector<int32_t>& removed);

    int64_t count() const { return static_cast<int64_t>(sources_.size()); }
    // Those of before that are left; new rows follow.
    int64_t survivors() const { return survivors_; }
    // For each row, the row of before.
    const std::vector<int32_t>& sources() const { return sources_; }

    // The rows change: what keeps its moments stays, what shrinks is split, the rest are clones, in
    // this order. Throws Error when they come in another, or a second time.
    void regrow(const Regrowth& rows);
    // Only these new rows are left, ascending; all others are.
    void keep(const std::vector<int32_t>& rows);
    // Writes which rows there are.
    void describe(Residual& out) const;

  private:
    int64_t before_, survivors_, clones_ = 0;
    std::vector<int32_t> sources_;
};

}  // namespace longtake::gaussians
