#include "generator/drift_alarm.h"

#include "core/error.h"
#include "generator/drift_calibration.h"
#include "generator/noise.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;
using State = DriftAlarm::State;

constexpr int64_t kChannels = 4;
constexpr int kFirst = StillTakes::kFirst,
              kCompared = StillTakes::kSkipped + StillTakes::kReference;

StillTakes still_takes() {
    StillTakes still{.spread = {}, .mean = -0.1, .deviation = 0.3, .correlation = 0.5};
    for (int i = 0; i < 2 * kChannels; ++i) {
        still.spread.push_back(0.01F * static_cast<float>(1 + i));
    }
    return still;
}

// Features of a take whose ln distance from its reference, zero, is at first just 0 and then a
// Gaussian process of the first order, `drift` above that of still takes.
class SyntheticTake {
  public:
    SyntheticTake(const StillTakes& still, double drift, uint32_t seed)
        : still_(still), drift_(drift), random_(seed) {}

    std::vector<float> next() {
        std::vector<float> features(still_.spread.size());
        if (chunk_ < kCompared) {
            ++chunk_;
            return features;
        }
        if (chunk_ < kFirst) {
            ++chunk_;
            return at(0);
        }
        ++chunk_;
        const double phi = chunk_ == kFirst + 1 ? 0 : still_.correlation;
        u_ = phi * u_ + still_.deviation * std::sqrt(1 - phi * phi) * normal_(random_);
        return at(still_.mean + drift_ + u_);
    }

  private:
    std::vector<float> at(double log_distance) const {
        std::vector<float> features(still_.spread.size());
        for (size_t i = 0; i < features.size(); ++i) {
            features[i] = still_.spread[i] *
                          static_cast<float>((i % 2 == 0 ? 1 : -1) * std::exp(log_distance));
        }
        return features;
    }

    StillTakes still_;
    double drift_;
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
    int chunk_ = 0;
    double u_ = 0;
};

// The share of takes whose first test rings.
double alarms(const DriftOptions& options, double drift, int takes) {
    const StillTakes still = still_takes();
    int rang = 0;
    for (int take = 0; take < takes; ++take) {
        SyntheticTake source(still, drift, static_cast<uint32_t>(take));
        DriftAlarm alarm(still, options);
        for (int chunk = 0;; ++chunk) {
            if (alarm.add(source.next())) {
                ++rang;
                break;
            }
            if (chunk >= kFirst && alarm.evidence() == 0) {
                break;  // it ended, and holds
            }
        }
    }
    return static_cast<double>(rang) / takes;
}

class DriftRates : public testing::TestWithParam<DriftOptions> {};
INSTANTIATE_TEST_SUITE_P(DriftAlarm, DriftRates,
                         testing::Values(DriftOptions{.alpha = 0.1, .beta = 0.1, .times = 1.5},
                                         DriftOptions{.alpha = 0.05, .beta = 0.1, .times = 1.5},
                                         DriftOptions{.alpha = 0.01, .beta = 0.05, .times = 2},
                                         DriftOptions{.alpha = 0.001, .beta = 0.01, .times = 3}));

// Wald's bounds: alpha / (1 - beta) and beta / (1 - alpha), and what chance may add to them.
TEST_P(DriftRates, FalseAlarmsAndMissesStayBelowWhatWasAskedFor) {
    constexpr int kTakes = 4000;
    const DriftOptions& o = GetParam();
    const auto chance = [](double p) { return 4 * std::sqrt(p * (1 - p) / kTakes); };
    const double false_bound = o.alpha / (1 - o.beta), missed_bound = o.beta / (1 - o.alpha);
    const double false_alarms = alarms(o, 0, kTakes);
    const double missed = 1 - alarms(o, std::log(o.times), kTakes);
    RecordProperty("false_alarms", std::to_string(false_alarms));
    RecordProperty("missed", std::to_string(missed));
    EXPECT_LE(false_alarms, false_bound + chance(false_bound));
    EXPECT_LE(missed, missed_bound + chance(missed_bound));
    EXPECT_GT(alarms(o, 2 * std::log(o.times), 500), 1 - missed_bound);  // more drift, the better
}

// Both errors do happen, a few times less than was allowed (a test ends beyond its bounds, not on
// them): it wastes no chunks on more certainty than was asked for.
TEST(DriftAlarm, IsNotMoreCautiousThanAskedFor) {
    const DriftOptions lax{.alpha = 0.2, .beta = 0.2, .times = 1.3};
    EXPECT_GT(alarms(lax, 0, 4000), 0.03);
    EXPECT_GT(1 - alarms(lax, std::log(lax.times), 4000), 0.03);
}

// Chunks until it rings, or -1.
int rings_after(DriftAlarm& alarm, SyntheticTake& take, int most) {
    for (int chunk = 1; chunk <= most; ++chunk) {
        if (alarm.add(take.next())) {
            return chunk;
        }
    }
    return -1;
}

TEST(DriftAlarm, ASlowDriftIsFoundAndAGlitchIsNot) {
    DriftAlarm alarm(still_takes(), {});
    EXPECT_EQ(alarm.state(), State::Learning);
    std::vector<float> features(2 * kChannels);
    int rang_at = -1;
    for (int chunk = 0; chunk < 60 && rang_at < 0; ++chunk) {
        for (size_t i = 0; i < features.size(); ++i) {  // from as far as usual to six times
            features[i] = chunk < kCompared ? 0.F
                                            : still_takes().spread[i] * 0.1F *
                                                  static_cast<float>(std::max(10, chunk));
        }
        if (alarm.add(features)) {
            rang_at = chunk;
        }
    }
    EXPECT_GT(rang_at, 15);
    EXPECT_LT(rang_at, 40);
    EXPECT_EQ(alarm.state(), State::Drifted);
    EXPECT_GT(alarm.distance(), 1.5);

    DriftAlarm other(still_takes(), {});
    SyntheticTake quiet(still_takes(), 0, 3);
    EXPECT_EQ(rings_after(other, quiet, 30), -1);
    EXPECT_EQ(other.state(), State::Still);
    for (float& f : features) {
        f = 100;
    }
    EXPECT_FALSE(other.add(features));
    EXPECT_EQ(rings_after(other, quiet, 30), -1);
    int stayed = 1;
    while (stayed < 10 && !other.add(features)) {
        ++stayed;
    }
    EXPECT_GE(stayed, 3);  // it stays: that is drift
    EXPECT_LT(stayed, 7);
}

TEST(DriftAlarm, ASceneIsHeldAgainstItself) {
    const StillTakes still = still_takes();
    SyntheticTake take(still, 0, 1), next(still, 0, 2);
    DriftAlarm alarm(still, {});
    EXPECT_EQ(rings_after(alarm, take, 40), -1);
    const auto elsewhere = [&] {  // another scene
        auto features = next.next();
        for (float& f : features) {
            f += 5;
        }
        return features;
    };
    alarm.restart();
    EXPECT_EQ(alarm.state(), State::Learning);
    for (int chunk = 0; chunk < 40; ++chunk) {
        EXPECT_FALSE(alarm.add(elsewhere()));
    }
    EXPECT_EQ(alarm.state(), State::Still);
    EXPECT_GT(rings_after(alarm, take, 9), 0);  // back to the first one, unannounced
}

TEST(DriftAlarm, FeaturesAreMeansAndSpreads) {
    Tensor latents({2, 3, 2, 2}, DType::F32);
    for (int64_t i = 0; i < latents.count(); ++i) {
        const int64_t channel = i / 4 % 3;
        latents.data<float>()[i] = static_cast<float>(channel) + (i % 2 == 0 ? 0.5F : -0.5F);
    }
    std::vector<float> features(6);
    latent_features(latents, features);
    for (size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(features[c], c, 1e-6);
        EXPECT_NEAR(features[3 + c], std::log(0.5), 1e-6);
    }
}

TEST(DriftAlarm, CalibrationFindsWhatTakesWereMadeOf) {
    StillTakes truth = still_takes();
    StillTakesCalibration calibration;
    for (uint32_t seed = 0; seed < 300; ++seed) {
        SyntheticTake take(truth, 0, seed);
        std::vector<std::vector<float>> chunks;
        for (int chunk = 0; chunk < kFirst + 30; ++chunk) {
            chunks.push_back(take.next());
        }
        calibration.add_take(chunks);
    }
    const StillTakes found = calibration.result();
    EXPECT_NEAR(found.deviation, truth.deviation, 0.02);
    EXPECT_NEAR(found.correlation, truth.correlation, 0.05);
    EXPECT_NEAR(found.mean, truth.mean, 0.02);
    for (size_t i = 1; i < truth.spread.size(); ++i) {  // in a unit that is nobody's business
        EXPECT_NEAR(found.spread[i] / found.spread[0], truth.spread[i] / truth.spread[0], 1e-3);
    }
}

std::string refusal(const std::filesystem::path& path) {
    try {
        StillTakes::read(path, kChannels);
    } catch (const InputError& e) {
        return e.what();
    }
    return "";
}

TEST(DriftAlarm, ItsFileIsWhatCalibrateWrites) {
    const TemporaryFolder folder;
    const auto path = folder / "drift.json";
    still_takes().write(path);
    const StillTakes read = StillTakes::read(path, kChannels);
    EXPECT_THAT(read.spread, testing::Pointwise(testing::FloatNear(1e-5F), still_takes().spread));
    EXPECT_NEAR(read.correlation, 0.5, 1e-5);
    EXPECT_THAT(refusal(folder / "none.json"), HasSubstr("none.json"));
    std::ofstream(path) << R"({"spread": [1, 2], "mean": 0, "deviation": 1, "correlation": 0})";
    EXPECT_THAT(refusal(path), HasSubstr("a model of 1 latent channels, this one has 4"));
    std::ofstream(path)
        << R"({"spread": [1,1,1,1,1,1,1,0], "mean": 0, "deviation": 1, "correlation": 0})";
    EXPECT_THAT(refusal(path), HasSubstr("must be positive"));
    for (const char* text : {"{}", "", "[1", R"({"spread": 3})"}) {
        std::ofstream(path) << text;
        EXPECT_THAT(refusal(path), HasSubstr("not what `longtake calibrate` writes"));
    }
    EXPECT_THROW(DriftAlarm(still_takes(), {.alpha = 0.5, .beta = 0.5}), InputError);
    EXPECT_THROW(DriftAlarm(still_takes(), {.alpha = 0}), InputError);
    EXPECT_THROW(DriftAlarm(still_takes(), {.times = 1}), InputError);
}

// The tiny model in a folder of its own, where every take has drifted as soon as it is looked at.
class DriftingSession : public testing::Test {
  protected:
    DriftingSession() {
        std::filesystem::copy(kTinyModel, folder_ / "model",
                              std::filesystem::copy_options::recursive);
        const StillTakes still{.spread = std::vector<float>(32, 1), .mean = -10};
        still.write(folder_ / "model" / kStillTakes);
        model_ = diffusion::VideoModel::load(folder_ / "model", DType::F32);
    }
    SessionOptions options(const std::string& cache, bool reanchor) const {
        SessionOptions o = seeded(1, cache);
        o.drift = DriftOptions{};
        o.reanchor = reanchor;
        return o;
    }

    TemporaryFolder folder_;
    std::shared_ptr<const diffusion::VideoModel> model_;
};

TEST_F(DriftingSession, RingsAndGoesOn) {
    Session session(model_, options("window", false));
    session.prompt().set("a red ball", false);
    const auto chunks = steps(session, 24);
    int rang = 0;
    for (const Chunk& chunk : chunks) {
        const auto& drift = chunk.receipt.drift;
        ASSERT_TRUE(drift.has_value());
        EXPECT_EQ(drift->state == State::Learning, chunk.receipt.chunk < kFirst - 1);
        rang += drift->alarm;
        EXPECT_FALSE(chunk.receipt.reanchored);
    }
    EXPECT_GE(rang, 1);
    EXPECT_TRUE(same_take(chunks, take(seeded(1, "window"), 24)));  // to look changes nothing
    session.prompt().set("a blue cube", false);
    EXPECT_EQ(session.step()->receipt.drift->state, State::Learning);
}

TEST_F(DriftingSession, ReanchorsToTheBeginning) {
    for (const char* cache : {"window", "deep-forcing", "sink:window=9", "retrieval:window=12",
                              "retrieval:window=15,sink=0", "recache"}) {
        Session session(model_, options(cache, true));
        session.prompt().set("a red ball", false);
        bool rang = false;
        int reanchored = 0;
        for (int i = 0; i < 24; ++i) {
            const auto chunk = session.step();
            EXPECT_EQ(chunk->receipt.reanchored, rang) << cache << " at " << i;
            if (rang) {  // the anchor, the newest and the chunk
                EXPECT_EQ(chunk->receipt.cached_frames, 9) << cache;
            }
            reanchored += rang;
            rang = chunk->receipt.drift->alarm;
        }
        EXPECT_GE(reanchored, 2) << cache;
    }
}

TEST_F(DriftingSession, AnyChunkCanBeMadeAgain) {
    Session original(model_, options("deep-forcing", true));
    original.prompt().set("a red ball", false);
    steps(original, kFirst + 2);
    const auto snapshot = original.snapshot();
    const auto expected = steps(original, 4);
    original.restore(*snapshot);
    EXPECT_TRUE(same_take(steps(original, 4), expected));
    Session other(model_, options("deep-forcing", true));
    other.restore(*snapshot);
    EXPECT_TRUE(same_take(steps(other, 4), expected));
    EXPECT_TRUE(std::ranges::any_of(expected, [](const Chunk& c) { return c.receipt.reanchored; }));
}

TEST_F(DriftingSession, RefusesWhatCannotBe) {
    EXPECT_THROW(Session(tiny_model(), options("window", false)), InputError);  // no drift.json
    EXPECT_THROW(Session(model_, options("rebuild", true)), InputError);
    EXPECT_THROW(Session(model_, options("window:window=6", true)), InputError);
    EXPECT_NO_THROW(Session(model_, options("window:window=6", false)));
}

}  // namespace
}  // namespace longtake::generator
