#include "core/picture_converter.h"

#include "core/error.h"

#include <new>

namespace longtake::av {
namespace {

constexpr int kContrast = 1 << 16;  // 1.0 in swscale's fixed point
constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
constexpr int kHalf = 128;  // between two luma samples, in swscale's units

// Old names for full-range formats, which swscale warns about.
AVPixelFormat plain(int format) {
    switch (format) {
        case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
        case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
        case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
        case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
        default: return static_cast<AVPixelFormat>(format);
    }
}

}  // namespace

PictureConverter::Side PictureConverter::side_of(const AVFrame& frame) {
    const AVPixelFormat format = plain(frame.format);
    const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(format);
    check(layout != nullptr, "a picture without a pixel format");
    const bool rgb = (layout->flags & AV_PIX_FMT_FLAG_RGB) != 0;
    const bool full = rgb || frame.color_range == AVCOL_RANGE_JPEG || format != frame.format;
    // Where nothing is stated: still images are BT.601, and so is video below 720 lines.
    const bool old = full || frame.height < 720;
    const int matrix = frame.colorspace != AVCOL_SPC_UNSPECIFIED ? frame.colorspace
                       : old                                     ? AVCOL_SPC_SMPTE170M
                                                                 : AVCOL_SPC_BT709;
    const bool centre = frame.chroma_location == AVCHROMA_LOC_CENTER || format != frame.format;
    const bool top = frame.chroma_location == AVCHROMA_LOC_TOPLEFT;
    return {frame.width,
            frame.height,
            format,
            rgb ? 0 : matrix,
            full ? 1 : 0,
            layout->log2_chroma_w == 0 ? -513 : (centre ? kHalf : 0),
            layout->log2_chroma_h == 0 ? -513 : (top ? 0 : kHalf)};
}

void PictureConverter::prepare(const Side& from, const Side& to) {
    scaler_.reset(sws_alloc_context());
    if (scaler_ == nullptr) {
        throw std::bad_alloc();
    }
    const auto set = [&](const char* name, int value) {
        av_opt_set_int(scaler_.get(), name, value, 0);
    };
    set("sws_flags", kFlags);
    set("srcw", from.width);
    set("srch", from.height);
    set("src_format", from.format);
    set("src_h_chr_pos", from.chroma_x);
    set("src_v_chr_pos", from.chroma_y);
    set("dstw", to.width);
    set("dsth", to.height);
    set("dst_format", to.format);
    set("dst_h_chr_pos", to.chroma_x);
    set("dst_v_chr_pos", to.chroma_y);
    const int ready = sws_init_context(scaler_.get(), nullptr, nullptr);
    check(ready >= 0, "cannot convert {} pictures to {}",
          av_get_pix_fmt_name(static_cast<AVPixelFormat>(from.format)),
          av_get_pix_fmt_name(static_cast<AVPixelFormat>(to.format)));
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(from.matrix), from.full_range,
                             sws_getCoefficients(to.matrix), to.full_range, 0, kContrast,
                             kContrast);
    from_ = from;
    to_ = to;
}

void PictureConverter::convert(const AVFrame& from, AVFrame& to) {
    const Side source = side_of(from), target = side_of(to);
    if (scaler_ == nullptr || source != from_ || target != to_) {
        prepare(source, target);
    }
    const int rows =
        sws_scale(scaler_.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize);
    check(rows == to.height, "cannot convert a picture");
}

}  // namespace longtake::av
