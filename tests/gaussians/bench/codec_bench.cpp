// What a stream of Gaussians costs, in bytes and in time, a line of JSON for each figure:
//   codec_bench FILE.spz|FILE.ltv|- FOLDER
// Keys of that file, and their pictures' distance to those of what was given; then a stream of
// 300,000 Gaussians and 29 latents as a training leaves them, on every device there is.
#include "core/error.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/codec/stream_writer.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/extent.h"
#include "tests/gaussians/bench/stream_play.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace longtake::gaussians {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string parts_of(const FrameHeader& frame) {
    std::string out;
    for (size_t i = 0; i < kStreamParts; ++i) {
        out += fmt::format(", \"{}\": {}", kPartNames[i], frame.parts[i].bytes);
    }
    return out;
}

// ---- keys

double psnr_of(const Tensor& a, const Tensor& b) {
    const auto x = a.values<float>(), y = b.values<float>();
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        const double by = std::clamp(x[i], 0.F, 1.F) - std::clamp(y[i], 0.F, 1.F);
        sum += by * by;
    }
    return -10 * std::log10(sum / static_cast<double>(x.size()));
}

// SPZ has rounded what it holds, which another rounding would not change: somewhere within a step.
Cloud unrounded(Cloud cloud) {
    std::mt19937 engine(1);
    std::uniform_real_distribution<float> half(-0.5F, 0.5F);
    const auto move = [&](Tensor& column, float step) {
        for (float& v : column.values<float>()) {
            v += step * half(engine);
        }
    };
    move(cloud.means, 0x1p-12F);
    move(cloud.log_scales, 0x1p-4F);
    move(cloud.rotations, 0x1p-9F);
    move(cloud.opacities, 0x1p-4F);
    move(cloud.sh_dc, 1 / (0.15F * 255));
    return cloud;
}

void bench_key(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const Cloud cloud = unrounded(read_cloud(file));
    const Extent extent = extent_of(cloud);
    const FixedCloud fixed = to_fixed(cloud, mean_step_of(2 * extent.radius));
    StreamWriter writer(folder / "key.ltv", {.sh_degree = cloud.sh_degree(),
                                             .latents = fixed.rest_decoder.latents(),
                                             .mean_step = fixed.mean_step});
    const auto start = Clock::now();
    const Cloud after = to_cloud(writer.key(fixed).cloud);
    fmt::print(
        "{{\"what\": \"key\", \"file\": \"{}\", \"gaussians\": {}, \"degree\": {}, "
        "\"file_bytes\": {}, \"bytes\": {}, \"encode_ms\": {:.0f}{}}}\n",
        file.filename().string(), cloud.count(), cloud.sh_degree(),
        std::filesystem::file_size(file), writer.last().bytes, since(start),
        parts_of(writer.last()));
    const auto renderer = Renderer::on(Device::Cpu);
    const auto cameras =
        orbit(extent, {.width = 1352, .height = 1014, .frame_rate = 1, .seconds = 3});
    for (const Camera& camera : cameras) {
        const Tensor before = renderer->draw(cloud, camera).colour.clone();
        fmt::print("{{\"what\": \"key_psnr\", \"db\": {:.2f}}}\n",
                   psnr_of(before, renderer->draw(after, camera).colour));
    }
}

// ---- residuals

constexpr int64_t kCount = 300'000;
constexpr int kFrames = 60, kPeriod = 30;

Tensor normal_numbers(const Shape& shape, double mean, double deviation, std::mt19937& engine) {
    std::normal_distribution<double> normal(mean, deviation);
    Tensor out(shape, DType::I32);
    for (int32_t& v : out.values<int32_t>()) {
        v = static_cast<int32_t>(std::lround(normal(engine)));
    }
    return out;
}

FixedDecoder decoder_of(int64_t latents, int64_t features, double size, std::mt19937& engine) {
    return {.matrix = normal_numbers({latents, features}, 0, size / kFixedStep, engine),
            .shift = normal_numbers({features}, 0, 10, engine)};
}

// Seen from 5 units before it: a ball of 2 units, of Gaussians of a hundredth.
FixedCloud ball(std::mt19937& engine) {
    const double one = 1 / kFixedStep;
    FixedCloud out{.mean_step = mean_step_of(4),
                   .means = {},
                   .log_scales = normal_numbers({kCount, 3}, -4.6 * one, 0.5 * one, engine),
                   .rotations = normal_numbers({kCount, 4}, 0, one, engine),
                   .opacities = normal_numbers({kCount, 1}, 0, 2 * one, engine),
                   .sh_dc = normal_numbers({kCount, 3}, 0, 0.5 * one, engine),
                   .rest = normal_numbers({kCount, 4}, 0, 3, engine),
                   .rest_decoder = decoder_of(4, 24, 0.02, engine)};
    out.means = normal_numbers({kCount, 3}, 0, 0.7 / out.mean_step, engine);
    return out;
}

// Whole numbers of about .68 bits each by their frequencies alone. Gaussians next to each other
// change together, and those that do mostly go on to: three in ten rows hold nearly all.
class Changes {
  public:
    explicit Changes(unsigned seed) : engine_(seed), active_(kCount) {
        for (int i = 0; i < 40; ++i) {
            next();
        }
    }

    void next() {
        std::uniform_real_distribution<double> uniform;
        bool on = false;
        for (size_t i = 0; i < active_.size(); ++i) {
            if (i % 50 == 0) {
                on = uniform(engine_) < (active_[i] ? 0.9 : 0.043);
            }
            active_[i] = on;
        }
    }
    Tensor numbers(int64_t width, double often, double large) {
        std::uniform_real_distribution<double> uniform;
        std::normal_distribution<double> normal(0, large);
        Tensor out = Tensor::zeros({kCount, width}, DType::I32);
        for (int64_t row = 0; row < kCount; ++row) {
            for (int64_t k = 0; k < width; ++k) {
                if (uniform(engine_) < (active_[static_cast<size_t>(row)] ? often : 0.01)) {
                    out.data<int32_t>()[row * width + k] =
                        static_cast<int32_t>(std::lround(normal(engine_)));
                }
            }
        }
        return out;
    }
    std::mt19937& engine() { return engine_; }

  private:
    std::mt19937 engine_;
    std::vector<bool> active_;
};

Residual residual_of(Changes& changes) {
    changes.next();
    auto& engine = changes.engine();
    const auto column = [&](int64_t latents, int64_t features) -> ResidualColumn {
        return {.latents = changes.numbers(latents, 0.48, 1.2),
                .decoder = decoder_of(latents, features, 1e-4, engine)};
    };
    return {.removed = {},
            .clones = {},
            .splits = {},
            .means = changes.numbers(3, 0.08, 40),
            .log_scales = column(8, 3),
            .rotations = column(6, 4),
            .opacities = column(3, 1),
            .sh_dc = column(8, 3),
            .rest = changes.numbers(4, 0.48, 1.2),
            .rest_decoder = decoder_of(4, 24, 0.02, engine)};
}

// By how often each value comes in each latent, as QUEEN counts; in bytes.
double entropy_of(const Tensor& numbers) {
    const int64_t rows = numbers.extent(0), width = numbers.extent(1);
    double bits = 0;
    for (int64_t k = 0; k < width; ++k) {
        std::map<int32_t, int64_t> counts;
        for (int64_t row = 0; row < rows; ++row) {
            ++counts[numbers.data<int32_t>()[row * width + k]];
        }
        for (const auto& [value, count] : counts) {
            bits += static_cast<double>(count) *
                    std::log2(static_cast<double>(rows) / static_cast<double>(count));
        }
    }
    return bits / 8;
}

std::filesystem::path write_stream(const std::filesystem::path& folder) {
    Changes changes(1);
    const auto path = folder / "stream.ltv";
    const FixedCloud start = ball(changes.engine());
    StreamWriter writer(path, {.sh_degree = 2, .latents = 4, .mean_step = start.mean_step});
    std::vector<Residual> four;  // that come again and again
    for (int i = 0; i < 4; ++i) {
        four.push_back(residual_of(changes));
    }
    for (int frame = 0; frame < kFrames; ++frame) {
        const auto begin = Clock::now();
        if (frame % kPeriod == 0) {
            writer.key(frame == 0 ? start : FixedCloud(writer.state()));
        } else {
            writer.residual(four[static_cast<size_t>(frame) % 4]);
        }
        if (frame < 4 || frame == kPeriod) {
            fmt::print(
                "{{\"what\": \"frame\", \"number\": {}, \"bytes\": {}, \"changed\": {}, "
                "\"encode_ms\": {:.1f}{}}}\n",
                frame, writer.last().bytes, writer.last().changed, since(begin),
                parts_of(writer.last()));
        }
    }
    writer.finish();
    const Residual& r = four[1];
    const double latents = entropy_of(r.log_scales.latents) + entropy_of(r.rotations.latents) +
                           entropy_of(r.opacities.latents) + entropy_of(r.sh_dc.latents) +
                           entropy_of(r.rest);
    fmt::print(
        "{{\"what\": \"entropy\", \"bits_a_latent\": {:.3f}, \"latents_bytes\": {:.0f}, "
        "\"means_bytes\": {:.0f}}}\n",
        8 * latents / (29. * kCount), latents, entropy_of(r.means));
    return path;
}

void bench_play(const std::filesystem::path& path) {
    constexpr int64_t kCpuFrames = 6;
    const StreamInfo info = StreamReader(path.string()).info();
    const Camera camera = info.cameras.empty()
                              ? look_at({0, 0, -5}, {0, 0, 0}, {0, -1, 0}, 0.8, 1352, 1014)
                              : info.cameras[info.cameras.size() / 2];
    print(play(path, camera, Device::Cpu, kCpuFrames), camera, Device::Cpu);
    if (cuda_devices() > 0) {
        constexpr int64_t kAll = int64_t{1} << 40;
        print(play(path, camera, Device::Cuda, kAll), camera, Device::Cuda);
    }
}

void run(const std::filesystem::path& file, const std::filesystem::path& folder) {
    if (file.extension() == ".ltv") {
        bench_play(file);
        return;
    }
    if (file != "-") {
        bench_key(file, folder);
    }
    bench_play(write_stream(folder));
}

}  // namespace
}  // namespace longtake::gaussians

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "codec_bench FILE.spz|FILE.ltv|- FOLDER\n");
        return 2;
    }
    try {
        longtake::gaussians::run(argv[1], argv[2]);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "codec_bench: %s\n", e.what());
        return 1;
    }
}
