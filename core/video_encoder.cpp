#include "core/video_encoder.h"

#include "core/error.h"

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

namespace longtake::av {
namespace {

struct Setting {
    const char* name;
    std::string value;
};

// How we like to use an encoder: without look-ahead, so that no frame waits inside.
struct Recipe {
    std::string_view codec;    // what people call it
    std::string_view encoder;  // FFmpeg's name
    AVCodecID id;
    AVPixelFormat format;
    double crf;          // negative: has none
    const char* effort;  // the option behind `preset`
    const char* preset;
    std::vector<Setting> settings;
};

std::vector<Recipe> recipes(int threads) {
    const std::string x265 =
        fmt::format("log-level=none:scenecut=0:frame-threads=1:pools={}", threads);
    return {{"h264",
             "libx264",
             AV_CODEC_ID_H264,
             AV_PIX_FMT_YUV420P,
             18,
             "preset",
             "veryfast",
             {{"tune", "zerolatency"}, {"sc_threshold", "0"}}},
            {"h265",
             "libx265",
             AV_CODEC_ID_HEVC,
             AV_PIX_FMT_YUV420P,
             22,
             "preset",
             "veryfast",
             {{"tune", "zerolatency"}, {"x265-params", x265}}},
            {"av1",
             "libaom-av1",
             AV_CODEC_ID_AV1,
             AV_PIX_FMT_YUV420P,
             28,
             "cpu-used",
             "8",
             {{"usage", "realtime"}, {"lag-in-frames", "0"}, {"row-mt", "1"}}},
            {"vp9",
             "libvpx-vp9",
             AV_CODEC_ID_VP9,
             AV_PIX_FMT_YUV420P,
             28,
             "cpu-used",
             "6",
             {{"deadline", "realtime"}, {"lag-in-frames", "0"}, {"row-mt", "1"}}},
            {"ffv1",
             "ffv1",
             AV_CODEC_ID_FFV1,
             AV_PIX_FMT_BGR0,
             -1,
             nullptr,
             nullptr,
             {{"level", "3"}, {"slicecrc", "1"}}},
            {"raw", "rawvideo", AV_CODEC_ID_RAWVIDEO, AV_PIX_FMT_RGB24, -1, nullptr, nullptr, {}}};
}

struct Choice {
    const AVCodec* encoder;
    Recipe recipe;
};

Choice choose(const std::string& wanted, int threads) {
    const std::string codec = wanted == "hevc" ? "h265" : wanted;
    for (const Recipe& recipe : recipes(threads)) {
        if (codec == recipe.codec || codec == recipe.encoder) {
            if (const AVCodec* best = avcodec_find_encoder_by_name(recipe.encoder.data())) {
                return {best, recipe};
            }
            const AVCodec* other = avcodec_find_encoder(recipe.id);
            check_input(other != nullptr, "this FFmpeg was built without an encoder for {}", codec);
            return {other, {codec, {}, recipe.id, recipe.format, -1, nullptr, nullptr, {}}};
        }
    }
    const AVCodec* encoder = avcodec_find_encoder_by_name(codec.c_str());
    check_input(encoder != nullptr && encoder->type == AVMEDIA_TYPE_VIDEO,
                "unknown codec '{}'; use h264, h265, av1, vp9, ffv1 or an encoder that FFmpeg has",
                codec);
    return {encoder, {codec, {}, encoder->id, AV_PIX_FMT_YUV420P, -1, nullptr, nullptr, {}}};
}

// Our frames are sRGB; video carries them as BT.709 of limited range.
template <typename T> void tag_colours(T& target, const AVPixFmtDescriptor& layout) {
    const bool rgb = (layout.flags & AV_PIX_FMT_FLAG_RGB) != 0;
    target.color_primaries = AVCOL_PRI_BT709;
    target.color_trc = AVCOL_TRC_BT709;
    target.colorspace = rgb ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;
    target.color_range = rgb ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

AVPixelFormat pixel_format(const VideoOptions& options, const Choice& choice) {
    if (options.pixel_format.empty()) {
        return choice.recipe.format;
    }
    const AVPixelFormat format = av_get_pix_fmt(options.pixel_format.c_str());
    check_input(format != AV_PIX_FMT_NONE && sws_isSupportedOutput(format) != 0,
                "unknown pixel format '{}'", options.pixel_format);
    return format;
}

}  // namespace

VideoEncoder::VideoEncoder(const VideoOptions& options, const std::string& codec,
                           bool global_header)
    : packet_(make_packet()) {
    capture_log();
    const Choice choice = choose(options.codec.empty() ? codec : options.codec, options.threads);
    const Recipe& recipe = choice.recipe;
    const AVPixelFormat format = pixel_format(options, choice);
    const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(format);
    const auto width = static_cast<int>(options.width), height = static_cast<int>(options.height);
    check_input(
        width % (1 << layout.log2_chroma_w) == 0 && height % (1 << layout.log2_chroma_h) == 0,
        "{} needs an even width and height, not {}x{}; choose another size or pixel format",
        layout.name, width, height);

    codec_.reset(avcodec_alloc_context3(choice.encoder));
    check(codec_ != nullptr, "out of memory for an encoder");
    const auto& rate = options.frame_rate;
    codec_->width = width;
    codec_->height = height;
    codec_->pix_fmt = format;
    codec_->time_base = {rate.denominator, rate.numerator};
    codec_->framerate = {rate.numerator, rate.denominator};
    codec_->gop_size = codec_->keyint_min = options.group;
    codec_->max_b_frames = 0;
    codec_->thread_count = options.threads;
    codec_->bit_rate = codec_->rc_max_rate = options.bit_rate;
    codec_->rc_buffer_size = static_cast<int>(std::min<int64_t>(options.bit_rate, INT32_MAX));
    tag_colours(*codec_, layout);
    codec_->chroma_sample_location =
        layout.log2_chroma_w > 0 ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_UNSPECIFIED;
    codec_->flags |= global_header ? AV_CODEC_FLAG_GLOBAL_HEADER : 0;

    Dictionary settings;
    for (const Setting& setting : recipe.settings) {
        settings.set(setting.name, setting.value);
    }
    if (options.bit_rate == 0 && (options.crf >= 0 || recipe.crf >= 0)) {
        settings.set("crf", fmt::format("{}", options.crf >= 0 ? options.crf : recipe.crf));
    }
    const char* effort = recipe.effort != nullptr ? recipe.effort : "preset";
    if (!options.preset.empty() || recipe.preset != nullptr) {
        settings.set(effort, options.preset.empty() ? recipe.preset : options.preset);
    }
    const int opened = avcodec_open2(codec_.get(), choice.encoder, settings.get());
    check_input(opened == 0, "the encoder {} refuses {}x{} {} with preset '{}' and crf {}: {}",
                choice.encoder->name, width, height, layout.name, options.preset, options.crf,
                reason(opened));
    check_input(options.preset.empty() || !settings.contains(effort), "{} has no presets",
                choice.encoder->name);
    check_input(options.crf < 0 || !settings.contains("crf"), "{} has no crf",
                choice.encoder->name);

    rgb_ = make_picture(AV_PIX_FMT_RGB24, width, height);
    picture_ = make_picture(format, width, height);
    tag_colours(*picture_, layout);
    picture_->chroma_location = codec_->chroma_sample_location;
}

void VideoEncoder::encode(const uint8_t* rgb, const Emit& emit) {
    const size_t row = static_cast<size_t>(rgb_->width) * 3;
    for (int y = 0; y < rgb_->height; ++y) {
        std::memcpy(rgb_->data[0] + static_cast<ptrdiff_t>(y) * rgb_->linesize[0],
                    rgb + static_cast<size_t>(y) * row, row);
    }
    check(av_frame_make_writable(picture_.get()) == 0, "out of memory for a picture");
    converter_.convert(*rgb_, *picture_);
    picture_->pts = frames_++;
    const int sent = avcodec_send_frame(codec_.get(), picture_.get());
    check(sent == 0, "the encoder {} failed: {}", codec_->codec->name, reason(sent));
    receive(emit);
}

void VideoEncoder::drain(const Emit& emit) {
    avcodec_send_frame(codec_.get(), nullptr);
    receive(emit);
}

void VideoEncoder::receive(const Emit& emit) {
    for (;;) {
        const int got = avcodec_receive_packet(codec_.get(), packet_.get());
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) {
            return;
        }
        check(got == 0, "the encoder {} failed: {}", codec_->codec->name, reason(got));
        packet_->duration = 1;
        emit(*packet_);
        av_packet_unref(packet_.get());
    }
}

}  // namespace longtake::av
