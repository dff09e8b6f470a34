#include "core/muxer.h"

#include "core/error.h"

#include <thread>
#include <utility>

namespace longtake::av {
namespace {

// An SRT receiver delays what it got by 120 ms or more, and drops that when the sender leaves.
constexpr auto kSrtDelay = std::chrono::milliseconds(500);

bool is_mp4(const std::string& format) {
    return format == "mp4" || format == "mov";
}

// What makes an unfinished file playable: fragments that stand for themselves.
void set_muxer_options(Dictionary& options, const std::string& format,
                       const AVCodecContext& encoder) {
    if (is_mp4(format)) {
        options.set("movflags", "frag_keyframe+empty_moov+default_base_moof");
    } else if (format == "matroska" || format == "webm") {
        const AVRational milliseconds{1, 1000};
        const int64_t group = av_rescale_q(encoder.gop_size, encoder.time_base, milliseconds);
        options.set("cluster_time_limit", std::to_string(group));
    } else if (format == "flv") {
        options.set("flvflags", "no_duration_filesize");
    }
}

}  // namespace

bool Muxer::wants_global_header(const std::string& format) {
    const AVOutputFormat* known = av_guess_format(format.c_str(), nullptr, nullptr);
    return known != nullptr && (known->flags & AVFMT_GLOBALHEADER) != 0;
}

Muxer::Muxer(Target target, const AVCodecContext& encoder)
    : target_(std::move(target)),
      deadline_(target_.patience),
      time_base_(encoder.time_base),
      output_(make_output(target_.format.c_str(), target_.url)) {
    output_->interrupt_callback = deadline_.callback();
    output_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    AVStream* stream = avformat_new_stream(output_.get(), nullptr);
    check(stream != nullptr && avcodec_parameters_from_context(stream->codecpar, &encoder) >= 0,
          "out of memory for a video stream");
    stream->time_base = encoder.time_base;
    stream->avg_frame_rate = stream->r_frame_rate = encoder.framerate;
    if (is_mp4(target_.format) && encoder.codec_id == AV_CODEC_ID_HEVC) {
        stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');  // the one that Apple plays
    }

    Dictionary connection;
    if (target_.format == "mpegts") {
        connection.set("pkt_size", "1316");  // seven transport packets to a datagram
    }
    const int opened = avio_open2(&output_->pb, target_.url.c_str(), AVIO_FLAG_WRITE,
                                  &output_->interrupt_callback, connection.get());
    check_input(opened >= 0, "cannot write {}: {}", target_.shown, reason(opened));
    Dictionary options;
    set_muxer_options(options, target_.format, encoder);
    const int started = avformat_write_header(output_.get(), options.get());
    check_input(output_->pb->error == 0, "cannot write {}: {}", target_.shown,
                reason(output_->pb->error));
    check_input(started >= 0, "cannot write {}: the format {} does not take {} ({})", target_.shown,
                target_.format, encoder.codec->name, reason(started));
}

void Muxer::write(AVPacket& packet) {
    deadline_.restart();
    packet.stream_index = 0;
    av_packet_rescale_ts(&packet, time_base_, output_->streams[0]->time_base);
    check_written(av_write_frame(output_.get(), &packet));
}

void Muxer::flush() {
    deadline_.restart();
    check_written(av_write_frame(output_.get(), nullptr));
    avio_flush(output_->pb);
    check_written(0);
}

void Muxer::finish() {
    deadline_.restart();
    check_written(av_write_trailer(output_.get()));
    check_written(0);
    if (target_.url.starts_with("srt:")) {
        avio_flush(output_->pb);
        std::this_thread::sleep_for(kSrtDelay);
    }
    const int closed = avio_closep(&output_->pb);
    check_input(closed >= 0, "cannot write {}: {}", target_.shown, reason(closed));
}

void Muxer::check_written(int code) const {
    const int error = output_->pb->error < 0 ? output_->pb->error : code;
    check_input(error >= 0, "cannot write {}: {}", target_.shown, reason(error));
}

}  // namespace longtake::av
