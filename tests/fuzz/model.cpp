#include "diffusion/models/taehv_config.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/models/umt5.h"
#include "tests/fuzz/fuzz.h"

// A checkpoint and its config.json.
void longtake::fuzz::read(Bytes bytes) {
    using namespace diffusion;
    const auto files = parts(bytes, 2);
    const auto config = write("config.json", files[0]);
    attempt([&] { TransformerConfig::read(config); });
    attempt([&] { TaehvConfig::read(config, {}); });
    attempt([&] { Umt5Config::read(config); });
    attempt([&] { shards_of(config); });
    const auto weights = WeightMap::open(write("model.safetensors", files[1]));
    attempt([&] { TransformerConfig::of(weights, config); });
    attempt([&] { TaehvConfig::of(weights, config); });
    attempt([&] { Umt5Config::of(weights, config); });
    for (const std::string& name : weights.names()) {
        attempt([&] { weights.get(name); });
    }
}
