#include "core/video_codecs.h"

#include "core/error.h"

#include <array>
#include <string_view>

namespace longtake::av {
namespace {

struct KnownCodec {
    std::string_view name;  // what people call it
    const char* encoder;    // the one we know best
    AVCodecID id;           // any other encoder of it will do
};

constexpr std::array kCodecs{
    KnownCodec{"h264", "libx264", AV_CODEC_ID_H264},
    KnownCodec{"h265", "libx265", AV_CODEC_ID_HEVC},
    KnownCodec{"hevc", "libx265", AV_CODEC_ID_HEVC},
    KnownCodec{"av1", "libaom-av1", AV_CODEC_ID_AV1},
    KnownCodec{"vp9", "libvpx-vp9", AV_CODEC_ID_VP9},
    KnownCodec{"ffv1", "ffv1", AV_CODEC_ID_FFV1},
    KnownCodec{"raw", "rawvideo", AV_CODEC_ID_RAWVIDEO},
};

const AVCodec* encoder_of(const std::string& codec) {
    for (const KnownCodec& known : kCodecs) {
        if (codec == known.name) {
            const AVCodec* best = avcodec_find_encoder_by_name(known.encoder);
            return best != nullptr ? best : avcodec_find_encoder(known.id);
        }
    }
    return avcodec_find_encoder_by_name(codec.c_str());
}

}  // namespace

EncoderRecipe find_encoder(const std::string& codec, int threads) {
    EncoderRecipe recipe;
    recipe.encoder = encoder_of(codec);
    check_input(recipe.encoder != nullptr && recipe.encoder->type == AVMEDIA_TYPE_VIDEO,
                "this FFmpeg has no encoder for '{}'; use h264, h265, av1, vp9, ffv1 or an encoder "
                "that 'ffmpeg -encoders' lists",
                codec);
    const std::string_view name = recipe.encoder->name;
    if (name == "libx264") {
        recipe.crf = 18;
        recipe.preset = "veryfast";
        recipe.settings = {{"tune", "zerolatency"}, {"sc_threshold", "0"}};
    } else if (name == "libx265") {
        recipe.crf = 22;
        recipe.preset = "veryfast";
        recipe.settings = {
            {"tune", "zerolatency"},
            {"x265-params",
             fmt::format("log-level=none:scenecut=0:frame-threads=1:pools={}", threads)}};
    } else if (name == "libaom-av1" || name == "libvpx-vp9") {
        recipe.crf = 28;
        recipe.effort = "cpu-used";
        recipe.preset = name == "libaom-av1" ? "8" : "6";
        recipe.settings = {{name == "libaom-av1" ? "usage" : "deadline", "realtime"},
                           {"lag-in-frames", "0"},
                           {"row-mt", "1"}};
    } else if (name == "ffv1") {
        recipe.format = AV_PIX_FMT_BGR0;
        recipe.settings = {{"level", "3"}, {"slicecrc", "1"}};
    } else if (name == "rawvideo") {
        recipe.format = AV_PIX_FMT_RGB24;
    }
    return recipe;
}

}  // namespace longtake::av
