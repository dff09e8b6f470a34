#pragma once

// FFmpeg's objects with owners. Only core's own .cpp files include this.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace longtake::av {

struct Free {
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};
struct CloseInput {
    void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
};
struct CloseOutput {
    void operator()(AVFormatContext* p) const {
        avio_closep(&p->pb);
        avformat_free_context(p);
    }
};

using Frame = std::unique_ptr<AVFrame, Free>;
using Packet = std::unique_ptr<AVPacket, Free>;
using Codec = std::unique_ptr<AVCodecContext, Free>;
using Scaler = std::unique_ptr<SwsContext, Free>;
using Input = std::unique_ptr<AVFormatContext, CloseInput>;
using Output = std::unique_ptr<AVFormatContext, CloseOutput>;

Frame make_frame();
// With a buffer for its pixels.
Frame make_picture(AVPixelFormat format, int width, int height);
Packet make_packet();
// All three throw InputError when the file cannot be opened, or is not what it claims to be.
Input open_input(const std::string& url, const AVIOInterruptCB& interrupt);
// The best video stream of what was opened; belongs to `input`.
AVStream* video_stream(AVFormatContext& input, const std::string& shown);
Output make_output(const char* format, const std::string& url);

// What an FFmpeg result code means, in words.
std::string reason(int code);

// A file's path as FFmpeg must get it, so that a colon in a name is not taken for a protocol.
std::string file_url(const std::string& path);

class Dictionary {
  public:
    Dictionary() = default;
    ~Dictionary() { av_dict_free(&entries_); }
    Dictionary(const Dictionary&) = delete;
    Dictionary& operator=(const Dictionary&) = delete;

    void set(const char* key, const std::string& value) {
        av_dict_set(&entries_, key, value.c_str(), 0);
    }
    bool contains(const char* key) const {
        return av_dict_get(entries_, key, nullptr, 0) != nullptr;
    }
    AVDictionary** get() { return &entries_; }

  private:
    AVDictionary* entries_ = nullptr;
};

// Ends FFmpeg's waiting for files and networks when its time is up, or when it is asked to stop.
// Must stay in place while an FFmpeg object holds its callback.
class Deadline {
  public:
    explicit Deadline(std::chrono::seconds limit, std::stop_token stop = {})
        : limit_(limit), stop_(std::move(stop)) {
        restart();
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void restart() { end_ = std::chrono::steady_clock::now() + limit_; }
    AVIOInterruptCB callback() {
        return {[](void* self) -> int {
                    const auto* own = static_cast<Deadline*>(self);
                    return std::chrono::steady_clock::now() > own->end_ ||
                           own->stop_.stop_requested();
                },
                this};
    }

  private:
    std::chrono::seconds limit_;
    std::stop_token stop_;
    std::chrono::steady_clock::time_point end_;
};

// Sends FFmpeg's own messages to our debug log.
void capture_log();

}  // namespace longtake::av
