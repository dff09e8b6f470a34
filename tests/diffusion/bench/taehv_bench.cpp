// How fast the bundled model's decoder and encoder are, for a chunk of three latents:
//   diffusion_bench --benchmark_filter=taehv --benchmark_min_time=2
#include "diffusion/models/taehv.h"
#include "diffusion/ops/linear.h"
#include "tests/diffusion/bench/fastest.h"
#include "tests/diffusion/testing.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>

namespace longtake::diffusion {
namespace {

constexpr int64_t kChunk = 3, kHeight = 18, kWidth = 32;  // latents of 256 x 144

template <typename Work> double fastest_ms(benchmark::State& state, Work&& work) {
    const double ms = 1e3 * fastest(state, work);
    state.counters["best_ms"] = ms;
    return ms;
}

void taehv_decode(benchmark::State& state, DType compute) {
    if (compute == DType::BF16 && preferred_compute_type() != DType::BF16) {
        return state.SkipWithError("this machine does not convolve in bf16");
    }
    const std::filesystem::path folder = LONGTAKE_ASSETS "/models/toyworld/vae";
    const auto model = std::make_shared<TaehvDecoder>(TaehvConfig::read(folder / "config.json", {}),
                                                      WeightMap::open(folder), compute);
    TaehvState stream(model, kHeight, kWidth);
    const Tensor latents =
        random_tensor({kChunk, model->config().latent_channels, kHeight, kWidth}, 1);
    Tensor start, frames({kChunk * kLatentFrames, 8 * kHeight, 8 * kWidth, 3}, DType::U8);
    model->decode(latents, stream, start);
    const double ms = fastest_ms(state, [&] { model->decode(latents, stream, frames); });
    state.counters["best_FLOP/s"] = kChunk * model->flops(kHeight, kWidth) / (ms / 1e3);
}

void taehv_encode(benchmark::State& state, DType compute) {
    const std::filesystem::path folder = LONGTAKE_ASSETS "/models/toyworld/vae";
    const auto model = std::make_shared<TaehvEncoder>(TaehvConfig::read(folder / "config.json", {}),
                                                      WeightMap::open(folder), compute);
    TaehvEncoderState stream(model, 8 * kHeight, 8 * kWidth);
    Tensor frames({kChunk * kLatentFrames - 3, 8 * kHeight, 8 * kWidth, 3}, DType::U8);
    std::ranges::fill(frames.values<uint8_t>(), uint8_t{77});
    fastest_ms(state, [&] {
        stream.reset();
        model->encode(frames, stream);
    });
}

BENCHMARK_CAPTURE(taehv_decode, fp32, DType::F32)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(taehv_decode, bf16, DType::BF16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(taehv_encode, fp32, DType::F32)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace longtake::diffusion
