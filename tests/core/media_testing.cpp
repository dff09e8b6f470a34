#include "tests/core/media_testing.h"

#include "core/av_handles.h"
#include "core/error.h"
#include "core/file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__)
// x265 does not give back all of its own memory.
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }
#endif

namespace longtake {

Tensor synthetic_frames(int64_t first, int64_t count, int64_t height, int64_t width) {
    Tensor frames({count, height, width, 3}, DType::U8);
    uint8_t* out = frames.data<uint8_t>();
    for (int64_t t = first; t < first + count; ++t) {
        for (int64_t y = 0; y < height; ++y) {
            for (int64_t x = 0; x < width; ++x) {
                const double u = static_cast<double>(x) / static_cast<double>(width);
                const double v = static_cast<double>(y) / static_cast<double>(height);
                const double phase = 0.15 * static_cast<double>(t);
                *out++ = static_cast<uint8_t>(127.5 + 100 * std::sin(6 * u + phase));
                *out++ = static_cast<uint8_t>(127.5 + 100 * std::sin(5 * v - phase));
                *out++ = static_cast<uint8_t>(127.5 + 100 * std::cos(4 * (u + v) + phase));
            }
        }
    }
    return frames;
}

double psnr(const Tensor& a, const Tensor& b) {
    check(a.shape() == b.shape(), "psnr of {} and {}", a.shape().str(), b.shape().str());
    double sum = 0;
    for (int64_t i = 0; i < a.count(); ++i) {
        const double d = double{a.data<uint8_t>()[i] * 1.0} - b.data<uint8_t>()[i];
        sum += d * d;
    }
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.count()) / std::max(sum, 1e-9));
}

bool same_bytes(const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && a.dtype() == b.dtype() &&
           std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

ProbedVideo probe(const std::string& path) {
    av::Deadline deadline(std::chrono::seconds(10));
    const av::Input input = av::open_input(av::file_url(path), deadline.callback());
    const AVStream* stream = av::video_stream(*input, path);
    const AVCodecParameters& parameters = *stream->codecpar;
    const auto file = MappedFile::open(path);
    const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                                 file->bytes().size());
    ProbedVideo video{
        avcodec_get_name(parameters.codec_id),
        stream->time_base.num,
        stream->time_base.den,
        parameters.color_primaries,
        parameters.color_trc,
        parameters.color_space,
        parameters.color_range,
        bytes.find("moov") < bytes.find("mdat") && bytes.find("moof") == std::string_view::npos,
        {}};
    const av::Packet packet = av::make_packet();
    while (av_read_frame(input.get(), packet.get()) == 0) {
        if (packet->stream_index == stream->index) {
            video.packets.push_back(
                {packet->pts, packet->duration, (packet->flags & AV_PKT_FLAG_KEY) != 0});
        }
        av_packet_unref(packet.get());
    }
    return video;
}

bool has_encoder(const std::string& name) {
    return avcodec_find_encoder_by_name(name.c_str()) != nullptr;
}

bool has_protocol(const std::string& name) {
    void* position = nullptr;
    while (const char* protocol = avio_enum_protocols(&position, 1)) {
        if (name == protocol) {
            return true;
        }
    }
    return false;
}

}  // namespace longtake
