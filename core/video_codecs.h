#pragma once

#include "core/av_handles.h"

#include <string>
#include <utility>
#include <vector>

namespace longtake::av {

// How we use an encoder: without look-ahead, so that no frame waits inside.
struct EncoderRecipe {
    const AVCodec* encoder = nullptr;
    AVPixelFormat format = AV_PIX_FMT_YUV420P;
    double crf = -1;                // the usual quality; negative: has none that we know
    const char* effort = "preset";  // the option behind VideoOptions::preset
    const char* preset = "";        // its usual value; empty: the encoder's own
    std::vector<std::pair<const char*, std::string>> settings;
};

// For a codec such as h264, or an encoder's name in FFmpeg. Throws InputError when there is none.
EncoderRecipe find_encoder(const std::string& codec, int threads);

}  // namespace longtake::av
