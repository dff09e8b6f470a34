#pragma once

#include "core/safetensors.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/picture_folder.h"
#include "tests/generator/tiny_model.h"

namespace longtake::generator {

// The tiny model, whose 16 channels beside the latents have weights, and the encoder of the tests.
inline std::shared_ptr<const diffusion::VideoModel> following_model(Device device = Device::Cpu) {
    const TemporaryFolder folder;
    diffusion::MadeOver model(folder / "m");
    const auto encoder =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/tracks/encoder.safetensors");
    for (const char* name : {"track_encoder.temporal.weight", "track_encoder.mix.weight",
                             "track_encoder.speed.weight"}) {
        model.tensors[name] = encoder->tensor(name).clone();
    }
    model.write();
    return diffusion::VideoModel::load(folder / "m", DType::F32, device);
}

// Two points that stay.
inline Handle pinned(float x) {
    return {.id = 1, .kind = Handle::Kind::Static, .points = {{x, 20}, {x, 30}}, .path = {}};
}

}  // namespace longtake::generator
