#include "gaussians/train/lineage.h"

#include "core/error.h"

#include <utility>

namespace longtake::gaussians {

Lineage::Lineage(int64_t before, const std::vector<int32_t>& removed)
    : before_(before), survivors_(before - std::ssize(removed)) {
    auto next = removed.begin();
    for (int32_t row = 0; row < before; ++row) {
        if (next != removed.end() && *next == row) {
            ++next;
        } else {
            sources_.push_back(row);
        }
    }
}

void Lineage::regrow(const Regrowth& rows) {
    check(count() == survivors_, "a frame has new Gaussians once");
    std::vector<int32_t> sources;
    int64_t survivors = 0, clones = 0;
    for (std::size_t i = 0; i < rows.sources.size(); ++i) {
        const bool stays = rows.moments[i] >= 0, clone = !stays && rows.scaling[i] == 0;
        check((!stays || survivors == std::ssize(sources)) &&
                  (!clone || survivors + clones == std::ssize(sources)),
              "a frame has what stays first, then clones, then splits");
        survivors += stays ? 1 : 0;
        clones += clone ? 1 : 0;
        sources.push_back(sources_[static_cast<std::size_t>(rows.sources[i])]);
    }
    sources_ = std::move(sources);
    survivors_ = survivors;
    clones_ = clones;
}

void Lineage::keep(const std::vector<int32_t>& rows) {
    std::vector<int32_t> sources;
    int64_t clones = 0;
    for (const int32_t row : rows) {
        sources.push_back(sources_[static_cast<std::size_t>(row)]);
        clones += row >= survivors_ && row < survivors_ + clones_ ? 1 : 0;
    }
    sources_ = std::move(sources);
    clones_ = clones;
}

void Lineage::describe(Residual& out) const {
    const auto begin = sources_.begin(), clones = begin + survivors_, splits = clones + clones_;
    out.removed.clear();
    auto next = begin;
    for (int32_t row = 0; row < before_; ++row) {
        if (next != clones && *next == row) {
            ++next;
        } else {
            out.removed.push_back(row);
        }
    }
    out.clones.assign(clones, splits);
    out.splits.assign(splits, sources_.end());
}

}  // namespace longtake::gaussians
