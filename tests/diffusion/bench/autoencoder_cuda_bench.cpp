// How fast the autoencoders and their convolutions are on this GPU at 832x480: one JSON line each.
//   autoencoder_cuda_bench [FOLDER]
// with random weights, or with what autoencoder_reference.py has left in FOLDER, of which it then
// also prints how far the frames are from PyTorch's in fp32.
#include "core/cuda.h"
#include "core/safetensors.h"
#include "diffusion/models/taehv.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/ops/frame_attention.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/norm_silu.h"
#include "tests/core/cuda_testing.h"
#include "tests/diffusion/random_autoencoder.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake::diffusion {
namespace {

// Back to back for a third of a second, at the clock that the card then keeps.
template <typename Work> double milliseconds(GpuStream stream, Work&& work) {
    const CudaEvent begin, end;
    int runs = 2;
    for (double each = 0;; runs = static_cast<int>(300 / each) + 3) {
        begin.record(stream);
        for (int i = 0; i < runs; ++i) {
            work();
        }
        end.record(stream);
        end.synchronize();
        each = static_cast<double>(end.since(begin)) / runs;
        if (runs > 2) {
            return each;
        }
    }
}

void report(const char* name, double ms, double flops = 0, double bytes = 0) {
    nlohmann::ordered_json line{{"name", name}, {"ms", ms}};
    if (flops > 0) {
        line["TFLOP/s"] = flops / ms * 1e-9;
    }
    if (bytes > 0) {
        line["GB/s"] = bytes / ms * 1e-6;
    }
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

// Random values again and again.
Tensor filled(const Shape& shape, DType type) {
    const Tensor some = random_tensor({1 << 20}, 3, type);
    Tensor t(shape, type);
    for (size_t at = 0; at < t.bytes(); at += some.bytes()) {
        std::memcpy(static_cast<std::byte*>(t.raw()) + at, some.raw(),
                    std::min(some.bytes(), t.bytes() - at));
    }
    return t.to(Device::Cuda);
}

void other_ops(Workspace& workspace) {
    const Linear product(random_tensor({8192, 8192}, 1, DType::F32, 0.02F), {}, DType::BF16,
                         Device::Cuda);
    const Tensor rows = filled({8192, 8192}, DType::BF16);
    Tensor y(rows.shape(), DType::BF16, Device::Cuda);
    report("ceiling 8192^3", milliseconds(workspace.stream(), [&] { product(rows, y, workspace); }),
           2 * std::pow(8192.0, 3));
    const Tensor gain = random_tensor({96}, 2).to(Device::Cuda);
    const Tensor x = filled({2, 480, 832, 96}, DType::BF16);
    Tensor normed(x.shape(), DType::BF16, Device::Cuda);
    report("wan norm, level 3",
           milliseconds(workspace.stream(),
                        [&] { norm_silu(x, gain, true, normed, workspace.stream()); }),
           0, 2.0 * static_cast<double>(x.bytes()));
    const Tensor qkv = filled({1, 60, 104, 3 * 384}, DType::BF16);
    Tensor mixed({1, 60, 104, 384}, DType::BF16, Device::Cuda);
    report("wan attention",
           milliseconds(workspace.stream(), [&] { frame_attention(qkv, mixed, workspace); }),
           4 * std::pow(60.0 * 104, 2) * 384);
}

struct Layer {
    const char* name;
    Shape kernel;
    ConvOptions options;
    int64_t frames, height, width;  // of x
    bool normed = false;
};

void convolutions(Workspace& workspace) {
    constexpr ConvPadding kNone{0, 0, 0, 0};
    const std::vector<Layer> layers{
        {"wan conv_in", {384, 16, 3, 3, 3}, {}, 3, 60, 104},
        {"wan 384, level 0", {384, 384, 3, 3, 3}, {.residual = true}, 3, 60, 104},
        {"wan 384, level 1", {384, 384, 3, 3, 3}, {.residual = true}, 4, 120, 208},
        {"wan time_conv",
         {768, 384, 3, 1, 1},
         {.padding = kNone, .placement = {.frames = 2}},
         4,
         120,
         208},
        {"wan corner 384 -> 192",
         {192, 384, 2, 2},
         {.padding = {1, 1, 0, 0}, .placement = {2}},
         2,
         120,
         208},
        {"wan 192, level 2", {192, 192, 3, 3, 3}, {.residual = true}, 4, 240, 416},
        {"wan 192, level 2, normed", {192, 192, 3, 3, 3}, {}, 4, 240, 416, true},
        {"wan corner 192 -> 96",
         {96, 192, 2, 2},
         {.padding = {1, 1, 0, 0}, .placement = {2}},
         2,
         240,
         416},
        {"wan 96, level 3", {96, 96, 3, 3, 3}, {.residual = true}, 4, 480, 832},
        {"wan 96, level 3, plain", {96, 96, 3, 3, 3}, {}, 4, 480, 832},
        {"wan 96, level 3, normed", {96, 96, 3, 3, 3}, {}, 4, 480, 832, true},
        {"wan conv_out", {3, 96, 3, 3, 3}, {.fp32_result = true}, 4, 480, 832},
        {"taehv 256", {256, 256, 3, 3}, {.relu = true}, 1, 60, 104},
        {"taehv 64", {64, 64, 3, 3}, {.relu = true}, 2, 240, 416},
        {"taehv colours", {12, 64, 4, 4}, {.stride = 2, .fp32_result = true}, 2, 480, 832},
    };
    for (const Layer& layer : layers) {
        const int64_t out = layer.kernel[0], in = layer.kernel[1];
        ConvOptions options = layer.options;
        options.gain = layer.normed ? random_tensor({out}, 5) : Tensor();
        const Conv2d conv(random_tensor(layer.kernel, 1, DType::BF16, 0.02F),
                          random_tensor({out}, 2), options, DType::BF16, Device::Cuda);
        const auto plan = conv.plan(layer.frames, layer.height, layer.width);
        const Tensor x = filled({layer.frames, layer.height, layer.width, in}, DType::BF16);
        Tensor y = filled(plan->output(), plan->output_type());
        const Tensor residual = options.residual ? y.clone() : Tensor();
        const double ms = milliseconds(workspace.stream(), [&] {
            (*plan)(x, 0, options.residual ? &residual : nullptr, y, workspace);
        });
        report(layer.name, ms, conv.flops(layer.frames, layer.height, layer.width));
    }
}

constexpr int64_t kHeight = 60, kWidth = 104, kChunk = 3;

double now() {
    return std::chrono::duration<double, std::milli>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// |frames - wanted| / |wanted|, frames as bytes, wanted in [0, 1].
double distance(const Tensor& frames, const Tensor& wanted) {
    double difference = 0, whole = 0;
    for (int64_t i = 0; i < frames.count(); ++i) {
        const double expected = wanted.data<float>()[i];
        const double d = frames.data<uint8_t>()[i] / 255.0 - expected;
        difference += d * d;
        whole += expected * expected;
    }
    return std::sqrt(difference / whole);
}

// `flops` of one chunk. With a clip, of `latents` and `frames`, its frames are compared.
void decoder(const char* name, const Autoencoder& model, double flops,
             const std::filesystem::path& clip) {
    const double opening = now();
    const size_t free = free_gpu_memory();
    const auto stream = model.open(kHeight, kWidth);
    nlohmann::ordered_json line{{"name", name}};
    Tensor z = random_tensor({kChunk, 16, kHeight, kWidth}, 1);
    const auto decode = [&](const Tensor& latents) {
        Tensor frames({stream->frames(latents.extent(0)), 8 * kHeight, 8 * kWidth, 3}, DType::U8);
        stream->decode(latents, frames);
        return frames;
    };
    Tensor first = decode(z);
    line["first_chunk_ms"] = now() - opening;
    line["stream_MiB"] = (free - free_gpu_memory()) >> 20;
    if (!clip.empty()) {
        const auto file = SafetensorsFile::open(clip);
        stream->reset();
        line["distance"] = distance(decode(file->tensor("latents")), file->tensor("frames"));
    }
    Tensor frames({4 * kChunk, 8 * kHeight, 8 * kWidth, 3}, DType::U8);
    std::vector<double> times, begins;
    for (int i = 0; i < 12; ++i) {
        const double start = now();
        stream->begin(z);
        begins.push_back(now() - start);
        stream->end(frames);
        times.push_back(now() - start);
    }
    std::ranges::sort(times);
    std::ranges::sort(begins);
    line["ms_per_chunk"] = times[times.size() / 2];
    line["ms_to_begin"] = begins[begins.size() / 2];
    line["TFLOP_per_chunk"] = flops * 1e-12;
    line["TFLOP/s"] = flops / times[times.size() / 2] * 1e-9;
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

void decoders(const std::filesystem::path& folder) {
    const auto file = [&](const char* name) {
        return folder.empty() ? std::filesystem::path() : folder / name;
    };
    {
        const WeightMap weights =
            folder.empty() ? random_wan_vae(96) : WeightMap::open(file("wan_vae.safetensors"));
        const auto model = make_autoencoder(WanVaeConfig{}, weights, DType::BF16, Device::Cuda);
        // Of the definition: three times 13.5 TFLOP, the doublings not folded.
        decoder("wan vae, chunk of 3 latents", *model, 3 * 13.55e12, file("wan_clip.safetensors"));
        const Tensor picture = Tensor::zeros({1, 8 * kHeight, 8 * kWidth, 3}, DType::U8);
        model->encode(picture);
        const double start = now();
        model->encode(picture);
        report("wan vae, encode a picture", now() - start);
    }
    const WeightMap weights =
        folder.empty() ? random_taehv({}) : WeightMap::open(file("taehv.safetensors"));
    const auto model = make_autoencoder(TaehvConfig{}, weights, DType::BF16, Device::Cuda);
    const TaehvDecoder cpu(TaehvConfig{}, weights, DType::F32);
    decoder("taehv, chunk of 3 latents", *model, 3 * cpu.flops(kHeight, kWidth),
            file("taehv_clip.safetensors"));
}

}  // namespace
}  // namespace longtake::diffusion

int main(int argc, char** argv) {
    if (longtake::cuda_devices() == 0) {
        std::fprintf(stderr, "autoencoder_cuda_bench: no CUDA device\n");
        return 2;
    }
    longtake::diffusion::Workspace workspace(longtake::Device::Cuda);
    longtake::diffusion::decoders(argc > 1 ? argv[1] : "");
    longtake::diffusion::other_ops(workspace);
    longtake::diffusion::convolutions(workspace);
}
