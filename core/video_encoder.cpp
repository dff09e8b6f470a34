#include "core/video_encoder.h"

#include "core/error.h"
#include "core/video_codecs.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace longtake::av {
namespace {

// Our frames are sRGB; video carries them as BT.709 of limited range.
template <typename T> void tag_colours(T& target, const AVPixFmtDescriptor& layout) {
    const bool rgb = (layout.flags & AV_PIX_FMT_FLAG_RGB) != 0;
    target.color_primaries = AVCOL_PRI_BT709;
    target.color_trc = AVCOL_TRC_BT709;
    target.colorspace = rgb ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;
    target.color_range = rgb ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

AVPixelFormat pixel_format(const VideoOptions& options, AVPixelFormat usual) {
    if (options.pixel_format.empty()) {
        return usual;
    }
    const AVPixelFormat format = av_get_pix_fmt(options.pixel_format.c_str());
    check_input(format != AV_PIX_FMT_NONE && sws_isSupportedOutput(format) != 0,
                "unknown pixel format '{}'", options.pixel_format);
    return format;
}

// Opens `codec` with the recipe's settings and what the user asked for on top.
void open(AVCodecContext& codec, const EncoderRecipe& recipe, const VideoOptions& options) {
    Dictionary settings;
    for (const auto& [name, value] : recipe.settings) {
        settings.set(name, value);
    }
    const double crf = options.crf >= 0 ? options.crf : recipe.crf;
    if (options.bit_rate == 0 && crf >= 0) {
        settings.set("crf", fmt::format("{}", crf));
    }
    const std::string preset = options.preset.empty() ? recipe.preset : options.preset;
    if (!preset.empty()) {
        settings.set(recipe.effort, preset);
    }
    const char* name = recipe.encoder->name;
    const int opened = avcodec_open2(&codec, recipe.encoder, settings.get());
    check_input(opened == 0, "the encoder {} refuses {}x{} {} with preset '{}' and crf {}: {}",
                name, codec.width, codec.height, av_get_pix_fmt_name(codec.pix_fmt), preset, crf,
                reason(opened));
    check_input(options.preset.empty() || !settings.contains(recipe.effort),
                "the encoder {} has no presets", name);
    check_input(options.crf < 0 || !settings.contains("crf"), "the encoder {} has no crf", name);
}

}  // namespace

VideoEncoder::VideoEncoder(const VideoOptions& options, const std::string& codec,
                           bool global_header)
    : packet_(make_packet()) {
    capture_log();
    const EncoderRecipe recipe =
        find_encoder(options.codec.empty() ? codec : options.codec, options.threads);
    const AVPixelFormat format = pixel_format(options, recipe.format);
    const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(format);
    const auto width = static_cast<int>(options.width), height = static_cast<int>(options.height);
    check_input(
        width % (1 << layout.log2_chroma_w) == 0 && height % (1 << layout.log2_chroma_h) == 0,
        "{} needs an even width and height, not {}x{}; choose another size or pixel format",
        layout.name, width, height);

    codec_.reset(avcodec_alloc_context3(recipe.encoder));
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

    open(*codec_, recipe, options);

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
