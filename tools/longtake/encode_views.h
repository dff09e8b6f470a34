#pragma once

#include "gaussians/scene/dataset.h"
#include "gaussians/train/training_view.h"
#include "tools/longtake/encode_options.h"

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace longtake::cli {

// What all cameras saw at one moment.
struct Views {
    std::vector<gaussians::TrainingView> learnt, test;
    std::vector<std::string> test_names;

    // Whose picture shows how good it is: the first that is held out, if any is.
    const gaussians::TrainingView& watched() const { return test.empty() ? learnt[0] : test[0]; }
    const std::string watched_name() const {
        return test.empty() ? "the first camera" : test_names[0];
    }
};

// Throws InputError when a camera of --test is not there, or too few are left.
void check_views(const EncodeOptions& options, const gaussians::Dataset& dataset);
// Nothing when a camera has no such frame, whose name is then in `missing`; `read` is called after
// each.
std::optional<Views> read_views(const EncodeOptions& options, gaussians::Dataset& dataset,
                                int64_t frame, std::string& missing,
                                const std::function<void()>& read = {});
// The same with progress; throws InputError when it is not there.
Views load_views(const EncodeOptions& options, gaussians::Dataset& dataset, int64_t frame);
std::vector<gaussians::Camera> cameras_of(const gaussians::Dataset& dataset);

// Frame after frame, each of them read, undistorted and put on the device while the one before is
// worked on.
class FrameLoader {
  public:
    FrameLoader(const EncodeOptions& options, gaussians::Dataset dataset, Device device,
                FrameRange range);

    // The next frame; nothing behind the last one.
    std::optional<Views> next();
    // How many frames of the dataset lie behind the one that next() gave last; about, of videos.
    int64_t waiting() const { return waiting_; }

  private:
    std::optional<Views> load(int64_t frame);
    void ahead();

    const EncodeOptions& options_;
    gaussians::Dataset dataset_;
    Device device_;
    FrameRange range_;
    int64_t next_;
    int64_t waiting_ = 0;
    std::future<std::optional<Views>> loading_;
};

}  // namespace longtake::cli
