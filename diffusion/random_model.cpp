#include "diffusion/random_model.h"

#include "core/error.h"
#include "diffusion/weights/random_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace longtake::diffusion {
namespace {

std::shared_ptr<const Autoencoder> random_taehv(DType compute, Device device) {
    const TaehvConfig config;
    std::map<std::string, Shape> shapes;  // of the layers that double the frames
    const auto& c = config.decoder_channels;
    constexpr std::array<const char*, 3> kGrow{"decoder.7.conv.weight", "decoder.13.conv.weight",
                                               "decoder.19.conv.weight"};
    constexpr std::array<int64_t, 3> kTimes{1, 2, 2};
    for (size_t i = 0; i < kGrow.size(); ++i) {
        shapes[kGrow[i]] = {kTimes[i] * c[i], c[i], 1, 1};
    }
    return make_autoencoder(config, WeightMap::random(RandomWeights(std::move(shapes))), compute,
                            device);
}

std::shared_ptr<const Autoencoder> random_wan_vae(DType compute, Device device) {
    return make_autoencoder(WanVaeConfig(), WeightMap::random(),
                            device == Device::Cuda ? compute : DType::F32, device);
}

struct Entry {
    std::string_view name;
    std::shared_ptr<const Autoencoder> (*autoencoder)(DType compute, Device device);
};

// The transformer is of the default sizes, Wan2.1-T2V-1.3B's.
constexpr std::array kModels{Entry{"wan-1.3b-taehv", random_taehv},
                             Entry{"wan-1.3b-vae", random_wan_vae}};

}  // namespace

std::shared_ptr<const VideoModel> make_random_model(std::string_view name, DType compute,
                                                    Device device) {
    const auto entry = std::ranges::find(kModels, name, &Entry::name);
    check_input(entry != kModels.end(), "there is no random model '{}'; choose one of {}", name,
                fmt::join(random_model_names(), ", "));
    VideoModel::Parts parts;
    parts.folder = name;
    parts.transformer = std::make_shared<CausalTransformer>(TransformerConfig(),
                                                            WeightMap::random(), compute, device);
    parts.autoencoder = entry->autoencoder(parts.transformer->compute(), device);
    return std::make_shared<const VideoModel>(std::move(parts));
}

std::vector<std::string> random_model_names() {
    std::vector<std::string> names;
    for (const Entry& entry : kModels) {
        names.emplace_back(entry.name);
    }
    return names;
}

}  // namespace longtake::diffusion
