#pragma once

#include "core/safetensors.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/tiny_model.h"

#include <map>

namespace longtake::generator {

// The tiny model, whose 16 channels beside the latents have weights, and the encoder of the tests.
inline std::shared_ptr<const diffusion::VideoModel> following_model(Device device = Device::Cpu) {
    const TemporaryFolder folder;
    std::filesystem::copy(kTinyModel, folder / "m", std::filesystem::copy_options::recursive);
    const auto weights = folder / "m/transformer/diffusion_pytorch_model.safetensors";
    std::map<std::string, Tensor> tensors;
    {
        const auto file = SafetensorsFile::open(weights);
        for (const std::string& name : file->names()) {
            tensors[name] = file->tensor(name).clone();
        }
    }
    const auto encoder =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/tracks/encoder.safetensors");
    for (const char* name : {"track_encoder.temporal.weight", "track_encoder.mix.weight",
                             "track_encoder.speed.weight"}) {
        tensors[name] = encoder->tensor(name).clone();
    }
    write_safetensors(weights, {tensors.begin(), tensors.end()});
    return diffusion::VideoModel::load(folder / "m", DType::F32, device);
}

// Two points that stay.
inline Handle pinned(float x) {
    return {.id = 1, .kind = Handle::Kind::Static, .points = {{x, 20}, {x, 30}}, .path = {}};
}

}  // namespace longtake::generator
