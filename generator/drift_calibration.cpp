#include "generator/drift_calibration.h"

#include "core/error.h"
#include "generator/session.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

std::vector<float> reference_of(const std::vector<std::vector<float>>& chunks) {
    std::vector<float> mean(chunks.front().size());
    for (int k = 0; k < StillTakes::kReference; ++k) {
        for (size_t i = 0; i < mean.size(); ++i) {
            mean[i] += chunks[static_cast<size_t>(StillTakes::kSkipped + k)][i] /
                       static_cast<float>(StillTakes::kReference);
        }
    }
    return mean;
}

}  // namespace

void StillTakesCalibration::add_take(std::vector<std::vector<float>> chunks) {
    check(std::ssize(chunks) > StillTakes::kFirst, "a take of {} chunks says nothing of drift",
          chunks.size());
    takes_.push_back(std::move(chunks));
}

StillTakes StillTakesCalibration::result() const {
    check(!takes_.empty(), "no take was measured");
    constexpr size_t kCompared = StillTakes::kSkipped + StillTakes::kReference;
    StillTakes still;
    still.spread.resize(takes_.front().front().size());
    for (size_t i = 0; i < still.spread.size(); ++i) {
        double squares = 0, count = 0;
        for (const auto& take : takes_) {
            const float reference = reference_of(take)[i];
            for (size_t k = kCompared; k < take.size(); ++k, ++count) {
                squares += std::pow(double{take[k][i] - reference}, 2);
            }
        }
        still.spread[i] = static_cast<float>(std::max(1e-4, std::sqrt(squares / count)));
    }
    std::vector<std::vector<double>> all;  // u
    double sum = 0, squares = 0, count = 0;
    for (const auto& take : takes_) {
        auto& values = all.emplace_back();
        double usual = 0;
        for (size_t k = kCompared; k < take.size(); ++k) {
            const double distance = log_distance(take[k], reference_of(take), still.spread);
            if (k < StillTakes::kFirst) {
                usual += distance / StillTakes::kUsual;
                continue;
            }
            values.push_back(distance - usual);
            sum += values.back();
            ++count;
        }
    }
    still.mean = sum / count;
    double products = 0, before = 0;
    for (const auto& values : all) {
        for (size_t k = 0; k < values.size(); ++k) {
            squares += std::pow(values[k] - still.mean, 2);
            if (k > 0) {
                products += (values[k] - still.mean) * (values[k - 1] - still.mean);
                before += std::pow(values[k - 1] - still.mean, 2);
            }
        }
    }
    still.deviation = std::max(1e-3, std::sqrt(squares / count));
    still.correlation = before > 0 ? std::clamp(products / before, 0.0, 0.95) : 0.0;
    return still;
}

std::vector<std::vector<float>> features_of_take(
    const std::shared_ptr<const diffusion::VideoModel>& model, const std::string& prompt,
    uint64_t seed) {
    Session session(model, {.cache = "sink", .noise = make_seeded_noise(seed)});
    session.prompt().set(prompt, false);
    std::vector<std::vector<float>> chunks;
    for (int i = 0; i < 2 * StillTakes::kFirst; ++i) {
        const Tensor latents = session.step()->latents.to(Device::Cpu);
        latent_features(latents, chunks.emplace_back(2 * static_cast<size_t>(latents.extent(1))));
    }
    return chunks;
}

}  // namespace longtake::generator
