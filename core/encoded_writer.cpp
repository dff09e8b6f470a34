#include "core/encoded_writer.h"

#include "core/error.h"
#include "core/mp4_remux.h"

#include <utility>

namespace longtake {
namespace fs = std::filesystem;
namespace {

fs::path with_suffix(fs::path path, const char* suffix) {
    return path += suffix;
}

}  // namespace

EncodedWriter::PartialFile::~PartialFile() {
    if (!keep && !path.empty()) {
        remove();
    }
}

void EncodedWriter::PartialFile::remove() {
    std::error_code ignored;
    fs::remove(path, ignored);
    keep = false;
}

EncodedWriter::EncodedWriter(const VideoDestination& destination, const VideoOptions& options)
    : destination_(destination),
      options_(options),
      partial_{destination.path.empty() ? fs::path() : with_suffix(destination.path, ".partial")},
      encoder_(options, destination.codec, av::Muxer::wants_global_header(destination.format)),
      muxer_({destination.url.empty() ? av::file_url(partial_.path.string()) : destination.url,
              destination.shown, destination.format},
             encoder_.context()) {}

EncodedWriter::~EncodedWriter() {
    try {
        close();
    } catch (const std::exception&) {  // what was written before stays in the partial file
    }
}

// Remembers a failure, and tells where the frames before it are.
template <typename Step> void EncodedWriter::guarded(Step&& step) {
    const auto told = [this](const Error& e) {
        state_ = State::Failed;
        return partial_.keep ? fmt::format("{}; the frames before are in {}", e.what(),
                                           partial_.path.string())
                             : std::string(e.what());
    };
    try {
        step();
    } catch (const InputError& e) {
        throw InputError(told(e));
    } catch (const Error& e) {
        throw Error(told(e));
    }
}

void EncodedWriter::write(const Tensor& frames) {
    check(state_ == State::Open, "frames after the end of {}", destination_.shown);
    check_frames(frames, options_.height, options_.width);
    guarded([&] {
        const int64_t size = options_.height * options_.width * 3;
        for (int64_t t = 0; t < frames.extent(0); ++t) {
            encoder_.encode(frames.data<uint8_t>() + t * size,
                            [this](AVPacket& packet) { muxer_.write(packet); });
            partial_.keep = !partial_.path.empty();
            ++unflushed_;
        }
        if (unflushed_ >= options_.group) {
            muxer_.flush();
            unflushed_ = 0;
        }
    });
}

void EncodedWriter::close() {
    if (state_ == State::Open) {
        guarded([&] {
            encoder_.drain([this](AVPacket& packet) { muxer_.write(packet); });
            muxer_.finish();
            state_ = State::Closed;
        });
    }
}

void EncodedWriter::finish() {
    check(state_ == State::Open, "{} has ended already", destination_.shown);
    close();
    if (!partial_.keep) {  // a stream, or not a single frame
        return;
    }
    guarded([&] {
        fs::path whole = partial_.path;
        if (destination_.format == "mp4" || destination_.format == "mov") {
            whole = with_suffix(destination_.path, ".remux");
            remux_faststart(partial_.path, whole, destination_.format);
        }
        std::error_code error;
        fs::rename(whole, destination_.path, error);
        check_input(!error, "cannot write {}: {}", destination_.shown, error.message());
        partial_.remove();
    });
}

}  // namespace longtake
