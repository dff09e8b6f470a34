#include "generator/tracks/tracks.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace longtake::generator {
namespace {

TrackPoint between(const TrackPoint& a, const TrackPoint& b, double part) {
    const auto t = static_cast<float>(part);
    if (!a.visible || (t > 0 && !b.visible)) {
        return {};
    }
    return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), true};
}

}  // namespace

Tracks::Tracks(int64_t frames, std::vector<int32_t> ids)
    : frames_(frames), ids_(std::move(ids)), places_(static_cast<size_t>(frames) * ids_.size()) {
    check(frames >= 0, "tracks of {} frames", frames);
    check(std::unordered_set(ids_.begin(), ids_.end()).size() == ids_.size(),
          "two points with one id");
}

Tracks joined(std::span<const Tracks> stretches) {
    std::vector<int32_t> ids;
    std::unordered_map<int32_t, int64_t> column;
    int64_t frames = 0;
    for (const Tracks& stretch : stretches) {
        frames += stretch.frames();
        for (const int32_t id : stretch.ids()) {
            if (column.emplace(id, std::ssize(ids)).second) {
                ids.push_back(id);
            }
        }
    }
    Tracks all(frames, std::move(ids));
    int64_t first = 0;
    for (const Tracks& stretch : stretches) {
        for (int64_t n = 0; n < stretch.points(); ++n) {
            const int64_t to = column.at(stretch.ids()[static_cast<size_t>(n)]);
            for (int64_t t = 0; t < stretch.frames(); ++t) {
                all.at(first + t, to) = stretch.at(t, n);
            }
        }
        first += stretch.frames();
    }
    return all;
}

Tracks cut(const Tracks& tracks, int64_t first, int64_t count) {
    const int64_t begin = std::max<int64_t>(0, first);
    const int64_t end = std::min(tracks.frames(), first + count);
    std::vector<int64_t> seen;
    std::vector<int32_t> ids;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        for (int64_t t = begin; t < end; ++t) {
            if (tracks.at(t, n).visible) {
                seen.push_back(n);
                ids.push_back(tracks.ids()[static_cast<size_t>(n)]);
                break;
            }
        }
    }
    Tracks part(count, std::move(ids));
    for (int64_t t = begin; t < end; ++t) {
        for (int64_t n = 0; n < part.points(); ++n) {
            part.at(t - first, n) = tracks.at(t, seen[static_cast<size_t>(n)]);
        }
    }
    return part;
}

Tracks raised(const Tracks& tracks, int32_t by) {
    std::vector<int32_t> ids;
    for (const int32_t id : tracks.ids()) {
        ids.push_back(id + by);
    }
    Tracks result(tracks.frames(), std::move(ids));
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            result.at(t, n) = tracks.at(t, n);
        }
    }
    return result;
}

Tracks beside(const Tracks& a, const Tracks& b) {
    std::vector<int32_t> ids(a.ids().begin(), a.ids().end());
    ids.insert(ids.end(), b.ids().begin(), b.ids().end());
    Tracks both(std::max(a.frames(), b.frames()), std::move(ids));
    for (const auto& [part, first] : {std::pair{&a, int64_t{0}}, {&b, a.points()}}) {
        for (int64_t t = 0; t < part->frames(); ++t) {
            for (int64_t n = 0; n < part->points(); ++n) {
                both.at(t, first + n) = part->at(t, n);
            }
        }
    }
    return both;
}

Tracks scaled(const Tracks& tracks, double x, double y) {
    Tracks result = tracks;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            TrackPoint& p = result.at(t, n);
            p.x = static_cast<float>(x * static_cast<double>(p.x));
            p.y = static_cast<float>(y * static_cast<double>(p.y));
        }
    }
    return result;
}

Tracks resampled(const Tracks& tracks, double step) {
    check(step > 0, "tracks at {} times the rate", step);
    if (tracks.empty() || step == 1) {
        return tracks;
    }
    const int64_t last = tracks.frames() - 1;
    const auto frames =
        1 + static_cast<int64_t>(std::floor((static_cast<double>(last) + 1e-6) / step));
    Tracks result(frames, {tracks.ids().begin(), tracks.ids().end()});
    for (int64_t t = 0; t < frames; ++t) {
        const double at = std::min(static_cast<double>(t) * step, static_cast<double>(last));
        const auto before = static_cast<int64_t>(at);
        const int64_t after = std::min(before + 1, last);
        for (int64_t n = 0; n < tracks.points(); ++n) {
            result.at(t, n) = between(tracks.at(before, n), tracks.at(after, n),
                                      at - static_cast<double>(before));
        }
    }
    return result;
}

}  // namespace longtake::generator
