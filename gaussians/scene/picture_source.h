#pragma once

#include "core/tensor.h"
#include "core/video_reader.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace longtake::gaussians {

// The image of that name: with another or no extension where there is none with this one, as after
// somebody converted the images. `path` itself when there is none at all.
std::filesystem::path find_image(const std::filesystem::path& path);

// The images directly in a folder, sorted by name; none when there is no such folder.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder);

// The pictures that one camera took: a file for each frame, or a video.
class PictureSource {
  public:
    PictureSource() = default;  // none are known
    explicit PictureSource(std::vector<std::filesystem::path> images)
        : images_(std::move(images)) {}
    static PictureSource video(std::filesystem::path path);
    // Of the camera of that name, wherever they usually lie in a capture's folder: a video there or
    // in videos/, an address that FFmpeg reads in NAME.url, or images in NAME/images/ or NAME/.
    // Otherwise none.
    static PictureSource find(const std::filesystem::path& folder, const std::string& name);

    const std::vector<std::filesystem::path>& images() const { return images_; }  // none of a video
    bool empty() const { return images_.empty() && video_.empty(); }
    // Not known of videos, which have to be read to their end for it.
    std::optional<int64_t> count() const;
    // Width and height of the first; nothing when there is none. A video's or image's head is read.
    std::optional<std::pair<int64_t, int64_t>> size() const;
    // Somebody still writes it: a video goes on as it grows, but for what may be half written.
    void follow() {
        growing_ = VideoReader::Growing::Yes;
        reader_.reset();  // which may have been opened as one that is whole
    }
    // About how many frames of a video lie behind the one that was asked for last; 0 of images.
    int64_t waiting() const { return reader_ ? reader_->waiting() : 0; }
    // [H, W, 3]; nothing beyond the last. Videos are read forwards; an earlier frame starts anew.
    // Throws InputError when a file is missing or damaged.
    std::optional<Tensor> frame(int64_t index);

  private:
    std::vector<std::filesystem::path> images_;
    std::filesystem::path video_;  // or an address
    VideoReader::Growing growing_ = VideoReader::Growing::No;
    std::unique_ptr<VideoReader> reader_;
    int64_t next_ = 0;              // frame that the reader gives next
    std::optional<Tensor> latest_;  // frame next_ - 1
};

}  // namespace longtake::gaussians
