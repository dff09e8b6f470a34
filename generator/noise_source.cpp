#include "generator/noise_source.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "generator/noise.h"

#include <algorithm>
#include <optional>

namespace longtake::generator {
namespace {

class SeededNoise : public NoiseSource {
  public:
    explicit SeededNoise(uint64_t seed) : seed_(seed) {}

    void fill(int64_t chunk, int64_t, int step, Tensor& noise) const override {
        fill_gaussian({seed_, static_cast<uint64_t>(chunk), static_cast<uint32_t>(step)},
                      noise.values<float>());
    }

  private:
    uint64_t seed_;
};

class FileNoise : public NoiseSource {
  public:
    FileNoise(const std::filesystem::path& path, uint64_t seed) : path_(path), seeded_(seed) {
        const auto file = SafetensorsFile::open(path);
        noise_ = file->tensor("noise").to(DType::F32);
        if (file->contains("renoise")) {
            renoise_ = file->tensor("renoise").to(DType::F32);
            check_input(renoise_->shape().rank() == 5, "{}: renoise {} is not [steps, F, C, h, w]",
                        path.string(), renoise_->shape().str());
        }
        check_input(noise_.shape().rank() == 4, "{}: noise {} is not [F, C, h, w]", path.string(),
                    noise_.shape().str());
    }

    void fill(int64_t chunk, int64_t first_frame, int step, Tensor& noise) const override {
        if (step == 0) {
            copy(noise_, "noise", first_frame, noise);
        } else if (renoise_) {
            check_input(step <= renoise_->extent(0), "{}: renoise has {} steps, {} are needed",
                        path_.string(), renoise_->extent(0), step);
            const Tensor rows = renoise_->slice(step - 1, step);
            const Shape frames{rows.extent(1), rows.extent(2), rows.extent(3), rows.extent(4)};
            copy(rows.reshape(frames), "renoise", first_frame, noise);
        } else {
            seeded_.fill(chunk, first_frame, step, noise);
        }
    }

  private:
    void copy(const Tensor& all, const char* name, int64_t first_frame, Tensor& noise) const {
        const int64_t last = first_frame + noise.extent(0);
        check_input(last <= all.extent(0), "{}: {} has {} frames, the take needs {} and more",
                    path_.string(), name, all.extent(0), last);
        const Tensor frames = all.slice(first_frame, last);
        check_input(frames.shape() == noise.shape(),
                    "{}: frames of {} {} do not fit the model's {}", path_.string(), name,
                    frames.shape().str(), noise.shape().str());
        std::ranges::copy(frames.values<float>(), noise.data<float>());
    }

    std::filesystem::path path_;
    SeededNoise seeded_;
    Tensor noise_;
    std::optional<Tensor> renoise_;
};

}  // namespace

std::unique_ptr<const NoiseSource> make_seeded_noise(uint64_t seed) {
    return std::make_unique<SeededNoise>(seed);
}

std::unique_ptr<const NoiseSource> read_noise(const std::filesystem::path& path, uint64_t seed) {
    return std::make_unique<FileNoise>(path, seed);
}

}  // namespace longtake::generator
