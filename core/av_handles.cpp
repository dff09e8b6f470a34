#include "core/av_handles.h"

#include "core/error.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>

namespace longtake::av {
namespace {

template <typename T> T* present(T* p) {
    return p != nullptr ? p : throw std::bad_alloc();
}

void log(void*, int level, const char* format, va_list arguments) {
    if (level <= AV_LOG_INFO && spdlog::should_log(spdlog::level::debug)) {
        std::array<char, 1024> line;
        std::vsnprintf(line.data(), line.size(), format, arguments);
        const std::string_view text(line.data());
        spdlog::debug("ffmpeg: {}", text.substr(0, text.find_last_not_of("\n ") + 1));
    }
}

}  // namespace

Frame make_frame() {
    return Frame(present(av_frame_alloc()));
}

Frame make_picture(AVPixelFormat format, int width, int height) {
    Frame frame = make_frame();
    frame->format = format;
    frame->width = width;
    frame->height = height;
    check(av_frame_get_buffer(frame.get(), 0) == 0, "out of memory for a {}x{} picture", width,
          height);
    return frame;
}

Packet make_packet() {
    return Packet(present(av_packet_alloc()));
}

Input open_input(const std::string& url, const AVIOInterruptCB& interrupt) {
    capture_log();
    AVFormatContext* context = present(avformat_alloc_context());
    context->interrupt_callback = interrupt;
    // On failure FFmpeg releases the context itself.
    const int opened = avformat_open_input(&context, url.c_str(), nullptr, nullptr);
    check_input(opened == 0, "cannot read {}: {}", url, reason(opened));
    Input input(context);
    const int found = avformat_find_stream_info(context, nullptr);
    check_input(found >= 0, "cannot read {}: {}", url, reason(found));
    return input;
}

AVStream* video_stream(AVFormatContext& input, const std::string& shown) {
    const int index = av_find_best_stream(&input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    check_input(index >= 0, "{} holds no video", shown);
    for (unsigned i = 0; i < input.nb_streams; ++i) {
        input.streams[i]->discard =
            i == static_cast<unsigned>(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    return input.streams[index];
}

Output make_output(const char* format, const std::string& url) {
    capture_log();
    AVFormatContext* context = nullptr;
    const int made = avformat_alloc_output_context2(&context, nullptr, format, url.c_str());
    check_input(made >= 0, "this FFmpeg cannot write the format {}: {}", format, reason(made));
    return Output(context);
}

std::string reason(int code) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    if (code == AVERROR_EXIT) {
        return "no answer in time";
    }
    av_strerror(code, text.data(), text.size());
    return text.data();
}

std::string file_url(const std::string& path) {
    return "file:" + path;
}

void capture_log() {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(log); });
}

}  // namespace longtake::av
