#include "core/video_destination.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace longtake {
namespace fs = std::filesystem;
namespace {

struct Container {
    std::string_view name;  // a file's extension, a stream_format or a protocol
    std::string_view format;
    std::string_view codec;
};

constexpr std::array kFormats{
    Container{"mp4", "mp4", "h264"},     Container{"m4v", "mp4", "h264"},
    Container{"mov", "mov", "h264"},     Container{"mkv", "matroska", "h264"},
    Container{"webm", "webm", "vp9"},    Container{"ts", "mpegts", "h264"},
    Container{"flv", "flv", "h264"},     Container{"y4m", "yuv4mpegpipe", "wrapped_avframe"},
    Container{"raw", "rawvideo", "raw"},
};
constexpr std::array kProtocols{
    Container{"rtmp", "flv", "h264"},   Container{"rtmps", "flv", "h264"},
    Container{"srt", "mpegts", "h264"}, Container{"udp", "mpegts", "h264"},
    Container{"tcp", "mpegts", "h264"},
};

// The entry called `name`, or the end.
template <typename List> auto find(const List& list, std::string_view name) {
    return std::find_if(list.begin(), list.end(), [&](auto& entry) { return entry.name == name; });
}

VideoDestination into(VideoDestination::Kind kind, const std::string& shown,
                      const Container& container) {
    return {kind, shown, {}, {}, std::string(container.format), std::string(container.codec)};
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

VideoDestination VideoDestination::parse(const std::string& text,
                                         const std::string& stream_format) {
    const fs::path path(text);
    std::error_code ignored;
    const bool exists = fs::exists(path, ignored), folder = fs::is_directory(path, ignored);
    check_input(!text.empty(),
                "no destination: use a file such as out.mp4, a folder ending in /, "
                "an address such as srt://host:port, or - for stdout");
    if (text == "-" || (exists && !folder && !fs::is_regular_file(path, ignored))) {
        const auto format = find(kFormats, stream_format);
        check_input(format != kFormats.end(),
                    "unknown stream format '{}'; use mp4, mkv, ts, flv, y4m or raw", stream_format);
        VideoDestination result = into(Kind::Stream, text == "-" ? "stdout" : text, *format);
        result.url = text == "-" ? "pipe:1" : "file:" + text;
        return result;
    }
    if (const size_t colon = text.find("://"); colon != std::string::npos) {
        const auto protocol = find(kProtocols, lower(text.substr(0, colon)));
        check_input(protocol != kProtocols.end(),
                    "cannot send to '{}'; use rtmp://, rtmps://, srt://, udp:// or tcp://", text);
        VideoDestination result = into(Kind::Stream, text, *protocol);
        result.url = text;
        return result;
    }
    if (folder || text.back() == '/') {
        return {Kind::PngFolder, text, path, {}, {}, {}};
    }
    const std::string extension = lower(path.extension().string());
    const auto format = find(kFormats, extension.substr(extension.empty() ? 0 : 1));
    check_input(format != kFormats.end(),
                "cannot tell from the name '{}' what to write; use .mp4, .mov, .mkv, .webm, .ts or "
                ".y4m, or a folder ending in /",
                text);
    VideoDestination result = into(Kind::File, text, *format);
    result.path = path;
    return result;
}

}  // namespace longtake
