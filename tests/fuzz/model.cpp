#include "diffusion/models/clip_vision.h"
#include "diffusion/models/taehv_config.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/models/umt5.h"
#include "diffusion/video_model.h"
#include "diffusion/weights/model_folder.h"
#include "tests/fuzz/fuzz.h"

// A folder with a checkpoint, its config.json and a schedule.
void longtake::fuzz::read(Bytes bytes) {
    using namespace diffusion;
    const auto files = parts(bytes, 3);
    const auto config = write("config.json", files[0]);
    const auto schedule = write("scheduler_config.json", files[2]);
    attempt([&] { TransformerConfig::read(config); });
    attempt([&] { TaehvConfig::read(config, {}); });
    attempt([&] { Umt5Config::read(config); });
    attempt([&] { ClipVisionConfig::read(config, {}); });
    attempt([&] { VideoModelConfig::read(schedule); });
    attempt([&] { shards_of(config); });
    const auto checkpoint = write("model.safetensors", files[1]);
    attempt([&] { ModelFolder::find(folder()); });
    const auto weights = WeightMap::open(checkpoint);
    attempt([&] { TransformerConfig::of(weights, config); });
    attempt([&] { TaehvConfig::of(weights, config); });
    attempt([&] { Umt5Config::of(weights, config); });
    attempt([&] { ClipVisionConfig::of(weights, config); });
    attempt([&] {
        if (const auto encoder = ModelFolder::find(folder()).image_encoder) {
            ClipVisionConfig::of(encoder->open(), encoder->config);
        }
    });
    for (const std::string& name : weights.names()) {
        attempt([&] { weights.get(name); });
    }
}
