#include "core/video_reader.h"

#include "core/av_handles.h"
#include "core/error.h"
#include "core/image.h"
#include "core/picture_converter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace longtake {
namespace {

constexpr std::chrono::seconds kPatience{20};

bool is_address(const std::string& source) {
    return source.find("://") != std::string::npos;
}

std::string url_of(const std::string& source) {
    return is_address(source) ? source : av::file_url(source);
}

void check_size(const std::string& source, int64_t width, int64_t height) {
    check_input(width > 0 && height > 0, "{} does not say how large its frames are", source);
    check_input(
        width <= kMaxImageSide && height <= kMaxImageSide && width * height <= kMaxImagePixels,
        "{} is too large: {}x{} pixels", source, width, height);
}

}  // namespace

struct VideoReader::State {
    State(const std::string& name, Growing grows, std::stop_token asked)
        : source(name),
          growing(grows),
          opened_bytes(bytes_now()),
          stop(std::move(asked)),
          deadline(kPatience, stop),
          input(av::open_input(url_of(name), deadline.callback())),
          stream(av::video_stream(*input, name)),
          packet(av::make_packet()),
          held(av::make_packet()),
          decoded(av::make_frame()) {
        const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
        check_input(codec != nullptr, "{}: this FFmpeg has no decoder for {}", source,
                    avcodec_get_name(stream->codecpar->codec_id));
        check_size(source, stream->codecpar->width, stream->codecpar->height);
        decoder.reset(avcodec_alloc_context3(codec));
        check(decoder != nullptr, "out of memory for a decoder");
        int ready = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
        if (ready >= 0) {
            decoder->max_pixels = kMaxImagePixels;
            ready = avcodec_open2(decoder.get(), codec, nullptr);
        }
        check_input(ready >= 0, "cannot decode {}: {}", source, av::reason(ready));
        rgb = av::make_picture(AV_PIX_FMT_RGB24, stream->codecpar->width, stream->codecpar->height);
        rgb->colorspace = AVCOL_SPC_RGB;
    }

    uint64_t bytes_now() const {
        std::error_code none;
        const auto bytes = std::filesystem::file_size(source, none);
        return none ? 0 : bytes;
    }

    // Goes to where decoding leads to the frame after `before`, which is then not the first. False
    // where a container has no way there.
    bool seek(int64_t before) {
        return before != AV_NOPTS_VALUE &&
               av_seek_frame(input.get(), stream->index, before, AVSEEK_FLAG_BACKWARD) >= 0;
    }

    // The same for frames after `past` alone.
    bool decode_next() {
        while (decode()) {
            const int64_t time = decoded->best_effort_timestamp;
            if (past == AV_NOPTS_VALUE || time == AV_NOPTS_VALUE || time > past) {
                last = time;
                ++frames;
                return true;
            }
        }
        return false;
    }

    // Fills `decoded`; false at the end. A file that was cut off ends before its damaged frame.
    bool decode() {
        for (;;) {
            const int got = avcodec_receive_frame(decoder.get(), decoded.get());
            if (got == 0) {
                return true;
            }
            if (got == AVERROR_EOF) {
                return false;
            }
            if (got != AVERROR(EAGAIN)) {
                check_input(!read_packet(), "{} is damaged: {}", source, av::reason(got));
                return false;
            }
            const bool more = growing == Growing::Yes ? read_but_last() : read_packet();
            if (!more && growing == Growing::Yes) {
                return false;
            }
            const int sent = avcodec_send_packet(decoder.get(), more ? packet.get() : nullptr);
            // What a camera sends before its first key frame cannot be decoded.
            check_input(sent >= 0 || may_break() || !read_packet(), "{} is damaged: {}", source,
                        av::reason(sent));
        }
    }

    // The packet before the one that is read, which then is whole.
    bool read_but_last() {
        do {
            if (!read_packet()) {
                return false;
            }
            std::swap(packet, held);
        } while (packet->data == nullptr);
        if (packet->pos >= 0) {
            first_byte = first_byte >= 0 ? first_byte : packet->pos;
            used_bytes = packet->pos + packet->size - first_byte;
        }
        return true;
    }

    // A connection may break at any time, and be made anew.
    bool may_break() const { return growing == Growing::Yes && is_address(source); }

    // Fills `packet` with the next one of our stream; false at the end.
    bool read_packet() {
        deadline.restart();
        int read = 0;
        do {
            av_packet_unref(packet.get());
            read = av_read_frame(input.get(), packet.get());
        } while (read == 0 && packet->stream_index != stream->index);
        check_input(read == 0 || read == AVERROR_EOF || may_break(), "cannot read {}: {}", source,
                    av::reason(read));
        return read == 0;
    }

    std::string source;
    Growing growing;
    uint64_t opened_bytes;                                 // of the file, when it was opened
    int64_t first_byte = -1, used_bytes = 0, frames = 0;   // of our packets so far
    int64_t last = AV_NOPTS_VALUE, past = AV_NOPTS_VALUE;  // times, in the stream's own units
    std::stop_token stop;
    av::Deadline deadline;
    av::Input input;
    AVStream* stream;
    av::Codec decoder;
    av::Packet packet, held;
    av::Frame decoded, rgb;
    av::PictureConverter converter;
};

VideoReader::VideoReader(const std::string& source, Growing growing, std::stop_token stop)
    : state_(std::make_unique<State>(source, growing, std::move(stop))) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

int64_t VideoReader::height() const {
    return state_->rgb->height;
}
int64_t VideoReader::width() const {
    return state_->rgb->width;
}

FrameRate VideoReader::frame_rate() const {
    const AVRational rate = av_guess_frame_rate(state_->input.get(), state_->stream, nullptr);
    return rate.num > 0 && rate.den > 0 ? FrameRate{rate.num, rate.den} : FrameRate{};
}

std::optional<Tensor> VideoReader::next() {
    if (!state_->decode_next()) {
        return std::nullopt;
    }
    const AVFrame& rgb = *state_->rgb;
    state_->converter.convert(*state_->decoded, *state_->rgb);
    Tensor frame({rgb.height, rgb.width, 3}, DType::U8);
    const size_t row = static_cast<size_t>(rgb.width) * 3;
    for (int y = 0; y < rgb.height; ++y) {
        std::memcpy(frame.data<uint8_t>() + static_cast<size_t>(y) * row,
                    rgb.data[0] + static_cast<ptrdiff_t>(y) * rgb.linesize[0], row);
    }
    return frame;
}

bool VideoReader::go_on() {
    const State& old = *state_;
    if (old.may_break()) {
        return call_again();
    }
    if (old.growing == Growing::No || old.bytes_now() <= old.opened_bytes) {
        return false;
    }
    auto anew = std::make_unique<State>(old.source, Growing::Yes, old.stop);
    if (!anew->seek(old.last)) {
        anew = std::make_unique<State>(old.source, Growing::Yes, old.stop);
    }
    anew->past = anew->last = old.last;
    anew->frames = old.frames;
    anew->first_byte = old.first_byte;
    state_ = std::move(anew);
    return true;
}

bool VideoReader::call_again() {
    std::unique_ptr<State> anew;
    try {
        anew = std::make_unique<State>(state_->source, Growing::Yes, state_->stop);
    } catch (const InputError& e) {
        spdlog::debug("called again: {}", e.what());
        return false;
    }
    // What has a length is a file somewhere, which begins where it began; a camera sends what it
    // sees now.
    if (anew->input->duration > 0 && anew->seek(state_->last)) {
        anew->past = anew->last = state_->last;
    }
    anew->frames = state_->frames;
    state_ = std::move(anew);
    return true;
}

int64_t VideoReader::waiting() const {
    const auto used = static_cast<double>(state_->used_bytes);
    const double left = static_cast<double>(state_->bytes_now()) -
                        static_cast<double>(std::max<int64_t>(0, state_->first_byte)) - used;
    return used > 0 ? static_cast<int64_t>(
                          std::max(0., left * static_cast<double>(state_->frames) / used))
                    : 0;
}

Tensor read_video(const std::string& source, int64_t max_frames) {
    VideoReader reader(source);
    std::vector<Tensor> frames;
    while (auto frame = reader.next()) {
        check_input(static_cast<int64_t>(frames.size()) < max_frames, "{} is longer than {} frames",
                    source, max_frames);
        frames.push_back(*std::move(frame));
    }
    check_input(!frames.empty(), "{} holds no frames", source);
    Tensor video({static_cast<int64_t>(frames.size()), reader.height(), reader.width(), 3},
                 DType::U8);
    uint8_t* out = video.data<uint8_t>();
    for (const Tensor& frame : frames) {
        std::memcpy(out, frame.raw(), frame.bytes());
        out += frame.bytes();
    }
    return video;
}

}  // namespace longtake
