#include "generator/control/motion_transfer.h"

#include "core/error.h"
#include "core/image.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake::generator {

MotionTransfer::MotionTransfer(const std::string& video, const TrackFrame& take, float spacing,
                               std::stop_token stop)
    : take_(take),
      reader_(video, VideoReader::Growing::No, std::move(stop)),
      step_(reader_.frame_rate().value() / take.frame_rate),
      tracker_(spacing) {
    check_input(step_ > 0 && step_ < 1000, "{}: it has {} frames a second", video,
                reader_.frame_rate().value());
    check_input(read(), "{} holds no frames", video);
}

bool MotionTransfer::read() {
    const auto frame = ended_ ? std::nullopt : reader_.next();
    ended_ = !frame;
    if (ended_) {
        return false;
    }
    const auto points = tracker_.advance(resize_and_crop(*frame, take_.height, take_.width));
    before_ = std::exchange(after_, Points(points.begin(), points.end()));
    ++read_;
    return true;
}

// The points at the time of the next frame of the take; false where the video ends before.
bool MotionTransfer::make_row() {
    const double at = static_cast<double>(first_row_ + std::ssize(rows_)) * step_;
    const auto early = [&] { return static_cast<double>(read_ - 1) < at - 1e-6; };
    while (early() && read()) {
    }
    if (early()) {
        return false;
    }
    const auto back = static_cast<float>(static_cast<double>(read_ - 1) - at);  // frames
    std::vector<int32_t> ids;
    std::vector<TrackPoint> places;
    auto earlier = before_.begin();
    for (const PointTracker::Followed& now : after_) {
        while (earlier != before_.end() && earlier->id < now.id) {
            ++earlier;
        }
        const bool known = earlier != before_.end() && earlier->id == now.id;
        if (known || back < 1e-6F) {
            const auto& from = known ? *earlier : now;
            ids.push_back(now.id);
            places.push_back(
                {now.x + back * (from.x - now.x), now.y + back * (from.y - now.y), true});
        }
    }
    Tracks row(1, std::move(ids));
    for (size_t n = 0; n < places.size(); ++n) {
        row.at(0, static_cast<int64_t>(n)) = places[n];
    }
    rows_.push_back(std::move(row));
    return true;
}

Tracks MotionTransfer::at(int64_t first, int64_t count) {
    check(first >= first_row_, "motion of frame {} after that of {}", first, first_row_);
    while (first_row_ + std::ssize(rows_) < first + count && make_row()) {
    }
    while (first_row_ < first && !rows_.empty()) {
        rows_.pop_front();
        ++first_row_;
    }
    const auto end = rows_.begin() + std::min<int64_t>(count, std::ssize(rows_));
    return joined(std::vector<Tracks>(rows_.begin(), end));
}

}  // namespace longtake::generator
