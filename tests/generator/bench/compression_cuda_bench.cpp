// What Participative Compression takes of a chunk that fires, at the sizes of the 1.3B model: lines
// of JSON, milliseconds of the GPU over all layers, medians.
#include "core/cuda.h"
#include "generator/cache/cache_memory.h"
#include "generator/noise.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace longtake::generator {
namespace {

constexpr int kLayers = 30, kRepeats = 21;
constexpr int64_t kHeads = 12, kHeadDim = 128, kFrameTokens = 1560, kWindow = 21, kChunk = 3;

Tensor random_rows(uint32_t step) {
    Tensor rows({kChunk * kFrameTokens, kHeads, kHeadDim}, DType::F32);
    fill_gaussian({.seed = 1, .step = step}, rows.values<float>());
    Tensor narrow(rows.shape(), DType::BF16);
    std::ranges::copy(rows.values<float>(), narrow.data<bf16>());
    return narrow.to(Device::Cuda);
}

class Bench {
  public:
    explicit Bench(bool fp8)
        : geometry_{.layers = kLayers,
                    .heads = kHeads,
                    .head_dim = kHeadDim,
                    .tokens_per_frame = kFrameTokens,
                    .dtype = DType::BF16,
                    .fp8 = fp8,
                    .device = Device::Cuda,
                    .stream = stream_},
          memory_(
              make_cache_policy("deep-forcing", {.window_frames = kWindow, .chunk_frames = kChunk}),
              geometry_),
          queries_(random_rows(0)),
          keys_(random_rows(1)),
          values_(random_rows(2)) {}

    void run() {
        std::vector<double> fired, appended, later;
        while (std::ssize(fired) < kRepeats) {
            const bool full = memory_.frames() + kChunk > kWindow;
            const Plan& plan = memory_.begin_chunk(kChunk);
            memory_.begin_pass(CacheMemory::Pass::Noisy);
            const double first = time([&](int layer) { hand_over(layer); });
            later.push_back(time([&](int layer) { hand_over(layer); }));
            memory_.begin_pass(CacheMemory::Pass::Clean);
            time([&](int layer) { hand_over(layer); });
            if (plan.fire) {
                fired.push_back(first);
            } else if (!full && memory_.frames() > kWindow - 2 * kChunk) {
                appended.push_back(first);
            }
        }
        fmt::print(R"({{"what": "a pass of the cache", "fp8": {}, "fires_ms": {:.3f}, )"
                   R"("appends_ms": {:.3f}, "later_pass_ms": {:.3f}}})"
                   "\n",
                   geometry_.fp8, median(fired), median(appended), median(later));
        parts();
        std::fflush(stdout);
    }

  private:
    void hand_over(int layer) { memory_.update(layer, queries_, keys_, values_); }

    // Of a border that fires: 19 frames are cached, of which 10 are the sink and the newest stays.
    void parts() {
        constexpr int64_t kCached = 19 * kFrameTokens, kSink = 10 * kFrameTokens;
        constexpr int64_t kTop = 2 * kFrameTokens;
        const Range candidates{kSink, kCached - kFrameTokens}, tail{candidates.end, kCached};
        KvStore store(geometry_, kWindow * kFrameTokens);
        for (int layer = 0; layer < kLayers; ++layer) {
            for (int64_t slot = 0; slot < kCached; slot += keys_.extent(0)) {
                const int64_t rows = std::min(keys_.extent(0), kCached - slot);
                store.place(layer, {slot, slot + rows}, static_cast<double>(slot / kFrameTokens));
                store.write(layer, slot, keys_.slice(0, rows), values_.slice(0, rows));
            }
        }
        Tensor clean({kLayers, kHeads, kHeadDim}, DType::F32, Device::Cuda);
        clear_bytes(clean.raw(), Device::Cuda, clean.bytes(), stream_);
        Tensor vote({kHeads, kHeadDim}, DType::F32, Device::Cuda);
        Tensor scores({store.capacity()}, DType::F32, Device::Cuda);
        Tensor order({store.capacity()}, DType::I32, Device::Cuda);
        const auto votes = [&](int layer) {
            sum_queries(queries_, {0, queries_.extent(0)}, clean.slice(layer, layer + 1), vote,
                        stream_);
        };
        const auto refresh = [&](int layer) { store.refresh(layer, {0, kCached}); };
        const auto score = [&](int layer, Start start) {
            score_slots(store.view(layer, kCached), candidates, vote, scores, stream_, start);
        };
        const auto choose = [&](int layer, Start start) {
            Tensor reuse = store.reuse(layer);
            select_top(scores, candidates, 7, kTop, reuse, order, stream_, start);
        };
        const auto keep = [&](int layer) { store.keep(layer, kSink, order.slice(0, kTop), tail); };
        const auto all = [&](int layer) {
            votes(layer);
            score(layer, Start::Early);
            choose(layer, Start::Early);
        };
        // The sink moves along in time whatever is chosen.
        int64_t moved = 0;
        const auto place_sink = [&](int layer) {
            store.place(layer, {0, kSink}, static_cast<double>(moved++ / kLayers % 20));
        };
        const auto sink_turns = [&](int layer) {
            place_sink(layer);
            store.refresh(layer, {0, kSink});
        };
        const auto all_and_sink_turns = [&](int layer) {
            place_sink(layer);
            all(layer);
            store.refresh(layer, {0, kSink}, Start::Early);
        };
        const auto alone = [](const auto& step) {
            return [&step](int layer) { step(layer, Start::After); };
        };
        const double in_all = repeat(all), of_votes = repeat(votes), looking = repeat(refresh);
        const double of_scores = repeat(alone(score)), of_choice = repeat(alone(choose));
        const double moves = repeat(keep), turns = repeat(sink_turns);
        const double with_turns = repeat(all_and_sink_turns);
        fmt::print(R"({{"what": "its parts", "fp8": {}, "candidates": {}, "chosen": {}, )"
                   R"("compression_ms": {:.3f}, "sink_turns_ms": {:.3f}, )"
                   R"("compression_and_sink_turns_ms": {:.3f}, "compression_alone_ms": {:.3f}, )"
                   R"("votes_ms": {:.3f}, "look_for_stale_ms": {:.3f}, )"
                   R"("scores_ms": {:.3f}, "scores_GBps": {:.0f}, "choice_ms": {:.3f}, )"
                   R"("moves_ms": {:.3f}}})"
                   "\n",
                   geometry_.fp8, candidates.count(), kTop, with_turns - turns, turns, with_turns,
                   in_all, of_votes, looking, of_scores,
                   read_by_scores(candidates) / of_scores / 1e6, of_choice, moves);
    }
    double read_by_scores(Range candidates) const {
        return static_cast<double>(kLayers * candidates.count() * kHeads * kHeadDim *
                                   (geometry_.fp8 ? 1 : 2));
    }

    // Milliseconds of the GPU.
    double time(const std::function<void(int)>& of_layer) const {
        begin_.record(stream_);
        for (int layer = 0; layer < kLayers; ++layer) {
            of_layer(layer);
        }
        end_.record(stream_);
        end_.synchronize();
        return static_cast<double>(end_.since(begin_));
    }
    double repeat(const std::function<void(int)>& of_layer) const {
        std::vector<double> times;
        for (int i = 0; i < kRepeats; ++i) {
            times.push_back(time(of_layer));
        }
        return median(times);
    }
    static double median(std::vector<double> values) {
        std::ranges::sort(values);
        return values.at(values.size() / 2);
    }

    CudaStream stream_;
    CudaEvent begin_, end_;
    CacheGeometry geometry_;
    CacheMemory memory_;
    Tensor queries_, keys_, values_;
};

}  // namespace
}  // namespace longtake::generator

int main() {
    try {
        for (const bool fp8 : {false, true}) {
            longtake::generator::Bench(fp8).run();
        }
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
