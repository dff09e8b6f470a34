#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace longtake::generator {

// What a chunk's latents look like as a whole: mean and ln of the standard deviation of each
// channel.
//   latents [F, C, h, w] fp32 of the CPU; features [2 C]
void latent_features(const Tensor& latents, std::span<float> features);

// ln of the RMS distance of features from a reference, in units of their spread.
double log_distance(std::span<const float> features, std::span<const float> reference,
                    std::span<const float> spread);

// How takes that hold move about. A scene begins with chunks that are skipped (the first of all
// begins from nothing, and a new prompt takes about a second to show), with those that are its
// reference, and with those that say how far from it this one usually is.
struct StillTakes {
    static constexpr int kSkipped = 1, kReference = 2, kUsual = 4;  // chunks
    static constexpr int kFirst = kSkipped + kReference + kUsual;   // chunks before any test

    std::vector<float> spread;  // [2 C] of each feature: RMS distance from the reference
    // Of u, a chunk's log distance less the mean of the usual ones':
    double mean = 0, deviation = 1;
    double correlation = 0;  // of one chunk's with the next one's

    // As JSON; InputError for what is not, or of another number of channels.
    static StillTakes read(const std::filesystem::path& path, int64_t channels);
    void write(const std::filesystem::path& path) const;
};
inline constexpr const char* kStillTakes = "drift.json";  // in the model's folder

struct DriftOptions {
    double alpha = 0.01;  // chance of an alarm in a test of a take that is still
    double beta = 0.05;   // chance that a test of one that has drifted finds it still
    double times = 2;     // as far from its beginning as it usually was: that is drift
};

// Tells, chunk by chunk, when a take has left what it began as: Wald's sequential probability ratio
// test on u, a Gaussian process of the first order, of the mean of still takes against that mean +
// ln(times). A test ends when its log likelihood ratio leaves (ln(beta / (1 - alpha)),
// ln((1 - beta) / alpha)); the next one begins at once. What a single chunk may add is bounded, as
// in Huber's robust test. Each scene is held against its own first chunks.
class DriftAlarm {
  public:
    DriftAlarm(StillTakes still, const DriftOptions& options);

    enum class State : uint8_t {
        Learning,  // no reference yet
        Still,     // as the last test found, or none has ended yet
        Drifted,
    };
    // The next chunk's features. Whether a test ended with it that found drift.
    bool add(std::span<const float> features);
    // The next chunk is of another scene.
    void restart();

    State state() const { return state_; }
    // Whether the next chunk is of the reference, or before it.
    bool refers() const { return chunks_ < StillTakes::kSkipped + StillTakes::kReference; }
    // Of the test that is under way: 0 as it began, 1 at the alarm, negative towards stillness.
    double evidence() const;
    // How far the last chunk was from the reference, in units of how far was usual.
    double distance() const { return distance_; }

  private:
    StillTakes still_;
    double drift_, alarm_, calm_;  // ln(times); where a test ends
    State state_ = State::Learning;
    int64_t chunks_ = 0;  // of the scene
    std::vector<float> reference_;
    double usual_ = 0;            // log distance
    std::optional<double> last_;  // u of the chunk before, less its mean
    double ratio_ = 0, distance_ = 0;
};

}  // namespace longtake::generator
