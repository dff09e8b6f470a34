#include "tools/longtake/encode_views.h"

#include "core/error.h"
#include "core/image.h"
#include "core/progress.h"
#include "tools/longtake/interrupt.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

namespace longtake::cli {

using gaussians::TrainingView;

void check_views(const EncodeOptions& o, const gaussians::Dataset& dataset) {
    std::vector<std::string> names;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        names.push_back(dataset.name(i));
    }
    for (const std::string& test : o.test) {
        check_input(std::ranges::count(names, test) > 0, "--test {}: {} has {}", test, o.dataset,
                    fmt::join(names, ", "));
    }
    check_input(names.size() >= o.test.size() + 2,
                "{}: {} views are left to learn from; two are the least", o.dataset,
                names.size() - o.test.size());
}

std::optional<Views> read_views(const EncodeOptions& o, gaussians::Dataset& dataset, int64_t frame,
                                std::string& missing, const std::function<void()>& read) {
    Views views;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        const gaussians::Camera& whole = dataset.camera(i);
        const auto image = dataset.image(i, frame);
        if (!image) {
            missing = dataset.name(i);
            return std::nullopt;
        }
        const auto scaled = [&](int64_t extent) {
            return std::max<int64_t>(1, std::llround(o.scale * static_cast<double>(extent)));
        };
        TrainingView view{.camera = whole.resized(scaled(whole.width), scaled(whole.height)),
                          .image = {}};
        view.image = resize_and_crop(*image, view.camera.height, view.camera.width);
        const bool test = std::ranges::count(o.test, dataset.name(i)) > 0;
        (test ? views.test : views.learnt).push_back(std::move(view));
        if (test) {
            views.test_names.push_back(dataset.name(i));
        }
        if (read) {
            read();
        }
    }
    return views;
}

Views load_views(const EncodeOptions& o, gaussians::Dataset& dataset, int64_t frame) {
    check_views(o, dataset);
    Progress progress("load", static_cast<int64_t>(dataset.view_count()), {.unit = "views"});
    std::string missing;
    auto views = read_views(o, dataset, frame, missing, [&] { progress.advance(1); });
    check_input(views.has_value(), "{}: {} has no frame {}", o.dataset, missing, frame);
    return std::move(*views);
}

std::vector<gaussians::Camera> cameras_of(const gaussians::Dataset& dataset) {
    std::vector<gaussians::Camera> cameras;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        cameras.push_back(dataset.camera(i));
    }
    return cameras;
}

FrameLoader::FrameLoader(const EncodeOptions& options, gaussians::Dataset dataset, Device device,
                         FrameRange range)
    : options_(options),
      dataset_(std::move(dataset)),
      device_(device),
      range_(range),
      next_(range.first) {
    if (options.follow) {
        dataset_.follow();
    }
    ahead();
}

void FrameLoader::ahead() {
    if (next_ < range_.end) {
        loading_ = std::async(std::launch::async, [this, frame = next_++] { return load(frame); });
    }
}

std::optional<Views> FrameLoader::next() {
    if (!loading_.valid()) {
        return std::nullopt;
    }
    std::optional<Views> views = loading_.get();
    const auto known = dataset_.frame_count();
    waiting_ =
        known ? std::max<int64_t>(0, std::min(*known, range_.end) - next_) : dataset_.waiting();
    if (views) {
        ahead();
    }
    return views;
}

std::optional<Views> FrameLoader::load(int64_t frame) {
    constexpr std::chrono::milliseconds kBetween(200);
    std::string missing;
    for (;;) {
        // The last frame of a recording that grows may be half written.
        const auto frames = dataset_.frame_count();
        if (!options_.follow || !frames || frame + 1 < *frames) {
            std::optional<Views> views = read_views(options_, dataset_, frame, missing);
            if (views) {
                for (TrainingView& view : views->learnt) {
                    view.image = view.image.to(device_);
                }
                return views;
            }
        }
        if (!options_.follow || interrupted()) {
            return std::nullopt;
        }
        std::this_thread::sleep_for(kBetween);
        if (frames) {  // videos go on by themselves
            dataset_ = gaussians::Dataset::open(options_.dataset);
        }
    }
}

}  // namespace longtake::cli
