#include "gaussians/scene/picture_source.h"

#include "core/image.h"

namespace longtake::gaussians {

std::filesystem::path find_image(const std::filesystem::path& path) {
    if (std::filesystem::is_regular_file(path)) {
        return path;
    }
    for (const char* extension : {".png", ".jpg", ".jpeg", ".JPG", ".PNG", ".webp"}) {
        for (auto other : {std::filesystem::path(path).replace_extension(extension),
                           std::filesystem::path(path) += extension}) {
            if (std::filesystem::is_regular_file(other)) {
                return other;
            }
        }
    }
    return path;
}

PictureSource PictureSource::video(std::filesystem::path path) {
    PictureSource source;
    source.video_ = std::move(path);
    return source;
}

std::optional<int64_t> PictureSource::count() const {
    return video_.empty() ? std::optional(std::ssize(images_)) : std::nullopt;
}

std::optional<std::pair<int64_t, int64_t>> PictureSource::size() const {
    const std::filesystem::path& first = images_.empty() ? video_ : images_.front();
    if (!std::filesystem::exists(first)) {
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
        reader_ = std::make_unique<VideoReader>(video_.string());
        next_ = 0;
        latest_.reset();
    }
    while (next_ <= index) {
        latest_ = reader_->next();
        ++next_;
        if (!latest_) {
            break;
        }
    }
    return latest_;
}

}  // namespace longtake::gaussians
