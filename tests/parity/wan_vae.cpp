// Wan2.1's autoencoder on a GPU, for wan_vae_full_size.py:
//   wan_vae_parity FOLDER INPUT.safetensors OUTPUT.safetensors
// INPUT: latents [F, C, h, w] fp32, images [4 F - 3, 8 h, 8 w, 3] uint8; OUTPUT: decoded_TYPE and
// encoded_TYPE for fp32 and bf16. Fails when decoding one latent at a time differs in a bit from
// all at once.
#include "diffusion/models/wan_vae.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/weights/model_folder.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr Device kDevice = Device::Cuda;

// [4 F - 3, 8 h, 8 w, 3] fp32, `together` latents to a call.
Tensor decode(const WanVaeDecoder& decoder, DType type, const Tensor& latents, int64_t together) {
    WanVaeStream stream(type, kDevice);
    const int64_t count = latents.extent(0);
    Tensor all({stream.frames(count), 8 * latents.extent(2), 8 * latents.extent(3), 3}, DType::F32,
               kDevice);
    for (int64_t begin = 0, frame = 0; begin < count; begin += together) {
        const int64_t end = std::min(begin + together, count);
        const int64_t frames = stream.frames(end - begin);
        Tensor part = all.slice(frame, frame + frames);
        decoder.decode(latents.slice(begin, end), stream, part);
        frame += frames;
    }
    stream.workspace().synchronize();
    return all.to(Device::Cpu);
}

void run(const char* folder, const char* input, const char* output) {
    const ModelFolder model = ModelFolder::find(folder);
    check_input(model.vae.has_value(), "{}: no autoencoder there", folder);
    const WeightMap weights = model.vae->open();
    const auto config = WanVaeConfig::of(weights, model.vae->config);
    const auto given = SafetensorsFile::open(input);
    const Tensor latents = given->tensor("latents").to(kDevice);
    const Tensor images = given->tensor("images").to(kDevice);
    std::vector<std::pair<std::string, Tensor>> results;
    for (const DType type : {DType::F32, DType::BF16}) {
        const std::string suffix = "_" + std::string(name_of(type));
        const WanVaeDecoder decoder(config, weights, type, kDevice);
        const Tensor whole = decode(decoder, type, latents, latents.extent(0));
        const Tensor streamed = decode(decoder, type, latents, 1);
        const auto a = whole.values<float>(), b = streamed.values<float>();
        check(std::ranges::equal(a, b), "decoding in {} depends on how it is cut", name_of(type));
        results.emplace_back("decoded" + suffix, whole);
        WanVaeStream stream(type, kDevice);
        const WanVaeEncoder encoder(config, weights, type, kDevice);
        results.emplace_back("encoded" + suffix, encoder.encode(images, stream).to(Device::Cpu));
    }
    write_safetensors(output, results);
}

}  // namespace
}  // namespace longtake::diffusion

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: wan_vae_parity FOLDER INPUT OUTPUT\n", stderr);
        return 2;
    }
    try {
        longtake::diffusion::run(argv[1], argv[2], argv[3]);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "wan_vae_parity: %s\n", e.what());
        return 1;
    }
}
