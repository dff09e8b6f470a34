#include "gaussians/scene/picture_source.h"

#include "core/error.h"
#include "core/image.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

constexpr std::array kImages{".png", ".jpg", ".jpeg", ".JPG", ".PNG", ".webp"};
constexpr std::array kVideos{".mp4", ".mov", ".mkv", ".avi", ".webm", ".MP4"};

// Names come from files: one that no file can have, too long for one, is not there.
bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

}  // namespace

fs::path find_image(const fs::path& path) {
    if (is_file(path)) {
        return path;
    }
    for (const char* extension : kImages) {
        for (auto other :
             {fs::path(path).replace_extension(extension), fs::path(path) += extension}) {
            if (is_file(other)) {
                return other;
            }
        }
    }
    return path;
}

std::vector<fs::path> images_in(const fs::path& folder) {
    std::vector<fs::path> images;
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) {
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (std::ranges::count(kImages, entry.path().extension().string()) > 0) {
                images.push_back(entry.path());
            }
        }
    }
    std::ranges::sort(images);
    return images;
}

PictureSource PictureSource::find(const fs::path& folder, const std::string& name) {
    for (const fs::path& base : {folder, folder / "videos"}) {
        for (const char* extension : kVideos) {
            if (is_file(base / (name + extension))) {
                return video(base / (name + extension));
            }
        }
    }
    if (std::ifstream url(folder / (name + ".url")); url) {
        std::string address;
        std::getline(url, address);
        check_input(!address.empty(), "{}: it holds no address",
                    (folder / (name + ".url")).string());
        return video(address);
    }
    for (const fs::path& base : {folder / name / "images", folder / name}) {
        if (auto images = images_in(base); !images.empty()) {
            return PictureSource(std::move(images));
        }
    }
    return {};
}

PictureSource PictureSource::video(fs::path path) {
    PictureSource source;
    source.video_ = std::move(path);
    return source;
}

std::optional<int64_t> PictureSource::count() const {
    return video_.empty() ? std::optional(std::ssize(images_)) : std::nullopt;
}

std::optional<std::pair<int64_t, int64_t>> PictureSource::size() const {
    const fs::path& first = images_.empty() ? video_ : images_.front();
    const bool address = first.string().find("://") != std::string::npos;
    if (!address && !is_file(first)) {
        return std::nullopt;
    }
    const VideoReader reader(first.string());  // FFmpeg takes images too
    return std::pair(reader.width(), reader.height());
}

std::optional<Tensor> PictureSource::frame(int64_t index) {
    if (video_.empty()) {
        return index < std::ssize(images_)
                   ? std::optional(read_image(images_[static_cast<size_t>(index)]))
                   : std::nullopt;
    }
    if (!reader_ || index < next_ - 1) {
        reader_ = std::make_unique<VideoReader>(video_.string(), growing_);
        next_ = 0;
        latest_.reset();
    }
    while (next_ <= index) {
        auto picture = reader_->next();
        if (!picture && growing_ == VideoReader::Growing::Yes) {
            if (reader_->go_on()) {
                continue;
            }
            return std::nullopt;  // yet
        }
        latest_ = std::move(picture);
        ++next_;
        if (!latest_) {
            break;
        }
    }
    return latest_;
}

}  // namespace longtake::gaussians
