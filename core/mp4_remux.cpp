#include "core/mp4_remux.h"

#include "core/av_handles.h"
#include "core/error.h"

namespace longtake {
namespace {

void copy_video(const std::filesystem::path& from, const std::filesystem::path& to,
                const std::string& format) {
    av::Deadline deadline(std::chrono::hours(24));
    const av::Input input = av::open_input(av::file_url(from.string()), deadline.callback());
    const AVStream* source = av::video_stream(*input, from.string());
    const std::string url = av::file_url(to.string());
    const av::Output output = av::make_output(format.c_str(), url);
    const auto check_written = [&](int code) {
        check_input(code >= 0, "cannot write {}: {}", to.string(), av::reason(code));
    };

    AVStream* target = avformat_new_stream(output.get(), nullptr);
    check(target != nullptr, "out of memory for a video stream");
    check_written(avcodec_parameters_copy(target->codecpar, source->codecpar));
    target->time_base = source->time_base;
    target->avg_frame_rate = target->r_frame_rate = source->avg_frame_rate;
    check_written(avio_open(&output->pb, url.c_str(), AVIO_FLAG_WRITE));
    av::Dictionary options;
    options.set("movflags", "faststart");
    check_written(avformat_write_header(output.get(), options.get()));

    const av::Packet packet = av::make_packet();
    int got = 0;
    while ((got = av_read_frame(input.get(), packet.get())) == 0) {
        if (packet->stream_index == source->index) {
            packet->stream_index = 0;
            packet->pos = -1;
            av_packet_rescale_ts(packet.get(), source->time_base, target->time_base);
            check_written(av_write_frame(output.get(), packet.get()));
        }
        av_packet_unref(packet.get());
    }
    check(got == AVERROR_EOF, "cannot read {}: {}", from.string(), av::reason(got));
    check_written(av_write_trailer(output.get()));
    check_written(avio_closep(&output->pb));
}

}  // namespace

void remux_faststart(const std::filesystem::path& from, const std::filesystem::path& to,
                     const std::string& format) {
    try {
        copy_video(from, to, format);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(to, ignored);
        throw;
    }
}

}  // namespace longtake
