#include "interactive/volume/volume_source.h"

#include "core/error.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/scene/camera_path.h"
#include "generator/stopwatch.h"

#include <algorithm>
#include <filesystem>

namespace longtake::interactive {
namespace {

namespace fs = std::filesystem;

render::Splats splats_of(const gaussians::Cloud& cloud) {
    return {.means = cloud.means,
            .log_scales = cloud.log_scales,
            .rotations = cloud.rotations,
            .opacities = cloud.opacities,
            .sh_dc = cloud.sh_dc,
            .sh_rest = cloud.sh_rest,
            .marks = {}};
}

// Files of Gaussians, in the order of their names.
class FileVolume : public VolumeSource {
  public:
    explicit FileVolume(std::vector<fs::path> files) : files_(std::move(files)) {
        info_.frames = std::ssize(files_);
        const auto path = gaussians::camera_path_of(files_[0]);
        if (fs::exists(path)) {
            info_.near = gaussians::near_of_camera_path(path).value_or(info_.near);
            // Of one frame each where the path has its keys: enough to stand where they stood.
            info_.cameras = gaussians::read_camera_path(
                path, {.width = 1280, .height = 720, .frame_rate = 1, .seconds = {}});
        }
        for (const fs::path& file : files_) {
            std::error_code error;
            const auto bytes = fs::file_size(file, error);
            info_.frame_bytes.push_back(error ? 0 : static_cast<uint32_t>(bytes));
        }
        first_ = read(0);
    }

  protected:
    void load(int64_t frame, VolumeFrame& into) override {
        if (frame == 0 && first_) {
            into = *first_;
            return;
        }
        const auto i = static_cast<size_t>(frame);
        const auto file = gaussians::read_cloud_file(files_[i]);
        info_.format = file.format;
        into.splats = splats_of(file.cloud);
        into.key = true;
        into.bytes = info_.frame_bytes[i];
        into.changed = file.cloud.count();
    }

  private:
    std::vector<fs::path> files_;
    std::optional<VolumeFrame> first_;
};

class StreamVolume : public VolumeSource {
  public:
    explicit StreamVolume(const std::string& address) : reader_(address) {
        const auto& stream = reader_.info();
        const auto frames = reader_.frame_count();
        check_input(frames.has_value(),
                    "{}: this is a pipe; give a file or an address that can be read anywhere",
                    address);
        check_input(*frames > 0, "{}: there is no frame in it", address);
        info_.format = "stream";
        info_.stream = true;
        info_.frames = *frames;
        info_.frame_rate = stream.frame_rate.value();
        info_.cameras = stream.cameras;
        info_.near = stream.near.value_or(info_.near);
        for (size_t i = 0; i < reader_.index().size(); ++i) {
            info_.frame_bytes.push_back(reader_.index()[i].bytes);
            info_.keys.push_back(reader_.index()[i].key ? 1 : 0);
        }
    }

  protected:
    void load(int64_t frame, VolumeFrame& into) override {
        reader_.seek(frame);
        check_input(reader_.next(), "{}: frame {} is not there", info_.name, frame);
        const auto& header = reader_.frame();
        into.splats = splats_of(gaussians::to_cloud(reader_.state()));
        into.key = header.key;
        into.bytes = header.bytes;
        into.changed = header.changed;
        std::ranges::transform(header.parts, into.parts.begin(),
                               [](const auto& part) { return part.bytes; });
        mark(into);
    }

  private:
    void mark(VolumeFrame& into) {
        const int64_t count = into.splats.count();
        into.splats.marks = Tensor({count}, DType::U8);
        auto marks = into.splats.marks.values<uint8_t>();
        const Tensor& changes = reader_.coding_state().changes;
        if (into.key || changes.empty()) {
            std::ranges::fill(marks, static_cast<uint8_t>(Mark::Fresh));
            return;
        }
        std::ranges::fill(marks, static_cast<uint8_t>(Mark::Still));
        const uint8_t* flags = changes.data<uint8_t>();
        for (size_t column = into.columns.size(); column-- > 0;) {
            const uint8_t* row = flags + static_cast<int64_t>(column) * count;
            const auto mark = static_cast<uint8_t>(column == 0 ? Mark::Moved : Mark::Changed);
            for (int64_t i = 0; i < count; ++i) {
                if (row[i] != 0) {
                    marks[static_cast<size_t>(i)] = mark;
                    ++into.columns[column];
                }
            }
        }
    }

    gaussians::StreamReader reader_;
};

std::vector<fs::path> clouds_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && gaussians::is_cloud_name(entry.path())) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::unique_ptr<VolumeSource> VolumeSource::open(const std::string& address) {
    std::unique_ptr<VolumeSource> source;
    if (gaussians::is_stream(address)) {
        source = std::make_unique<StreamVolume>(address);
    } else if (fs::is_directory(address) && !gaussians::is_cloud_file(address)) {
        auto files = clouds_in(address);
        check_input(!files.empty(), "{}: no file of Gaussians is in this folder", address);
        source = std::make_unique<FileVolume>(std::move(files));
    } else {
        source = std::make_unique<FileVolume>(std::vector<fs::path>{address});
    }
    const auto path = fs::path(address);
    source->info_.name =
        path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
    return source;
}

bool VolumeSource::suits(const std::string& address) {
    return gaussians::is_stream(address) ||
           (fs::is_directory(address) && !clouds_in(address).empty()) ||
           (fs::exists(address) && gaussians::is_cloud_file(address));
}

VolumeFrame VolumeSource::read(int64_t frame) {
    const generator::Stopwatch watch;
    VolumeFrame out;
    out.number = frame;
    load(frame, out);
    out.read_ms = 1e3 * watch.seconds();
    return out;
}

}  // namespace longtake::interactive
