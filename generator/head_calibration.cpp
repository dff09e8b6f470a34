#include "generator/head_calibration.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace longtake::generator {
namespace {

constexpr int64_t kQueries = 128;   // tokens of a chunk that are looked at, evenly spread
constexpr int64_t kRecent = 4;      // frames
constexpr int64_t kEarlyChunk = 1;  // whose looks tell first and middle apart

// Hands out what a memory holds already and reports what each head sees of it, frame by frame.
class Onlooker : public diffusion::AttentionMemory {
  public:
    // layer, head, the share of attention on each frame
    using Report = std::function<void(int, int64_t, std::span<const double>)>;

    Onlooker(const CacheMemory& memory, Report report)
        : memory_(memory), report_(std::move(report)) {}

    std::span<const double> query_positions() const override { return memory_.query_positions(); }
    diffusion::KvView update(int layer, const Tensor& queries, const Tensor&,
                             const Tensor&) override {
        const int64_t slots = memory_.frames() * memory_.tokens_per_frame();
        const diffusion::KvView view = memory_.store().view(layer, slots);
        const int64_t heads = queries.extent(1), dim = queries.extent(2);
        const Tensor q = queries.to(Device::Cpu).to(DType::F32);
        const Tensor keys = Tensor::share(nullptr, view.keys, {heads, view.stride, dim}, view.dtype,
                                          queries.device())
                                .to(Device::Cpu)
                                .to(DType::F32);
        std::vector<std::vector<double>> shares(static_cast<size_t>(heads));
        parallel_for(heads, [&](int64_t head) {
            shares[static_cast<size_t>(head)] =
                look(q, keys.data<float>() + head * view.stride * dim, head);
        });
        for (int64_t head = 0; head < heads; ++head) {
            report_(layer, head, shares[static_cast<size_t>(head)]);
        }
        return view;
    }

  private:
    std::vector<double> look(const Tensor& q, const float* keys, int64_t head) const {
        const int64_t rows = q.extent(0), heads = q.extent(1), dim = q.extent(2);
        const int64_t tokens = memory_.tokens_per_frame(), frames = memory_.frames();
        const int64_t asked = std::min(kQueries, rows);
        std::vector<double> shares(static_cast<size_t>(frames));
        std::vector<float> logits(static_cast<size_t>(frames * tokens));
        for (int64_t i = 0; i < asked; ++i) {
            const float* query = q.data<float>() + (i * rows / asked * heads + head) * dim;
            for (size_t s = 0; s < logits.size(); ++s) {
                const float* key = keys + static_cast<int64_t>(s) * dim;
                float dot = 0;
                for (int64_t d = 0; d < dim; ++d) {
                    dot += query[d] * key[d];
                }
                logits[s] = dot / std::sqrt(static_cast<float>(dim));
            }
            const float largest = std::ranges::max(logits);
            double total = 0;
            std::vector<double> of_frame(shares.size());
            for (size_t s = 0; s < logits.size(); ++s) {
                const double weight = std::exp(logits[s] - largest);
                of_frame[s / static_cast<size_t>(tokens)] += weight;
                total += weight;
            }
            for (size_t f = 0; f < shares.size(); ++f) {
                shares[f] += of_frame[f] / total / static_cast<double>(asked);
            }
        }
        return shares;
    }

    const CacheMemory& memory_;
    Report report_;
};

double sum(std::span<const double> values) {
    double total = 0;
    for (const double v : values) {
        total += v;
    }
    return total;
}

}  // namespace

HeadCalibration::HeadCalibration(std::shared_ptr<const diffusion::VideoModel> model)
    : model_(std::move(model)) {
    const auto& c = model_->transformer().config();
    sums_ = {.layers = c.layers, .heads = c.heads, .recent = {}, .first = {}, .middle = {}};
    for (auto* values : {&sums_.recent, &sums_.first, &sums_.middle}) {
        values->resize(static_cast<size_t>(c.layers * c.heads));
    }
}

void HeadCalibration::add_take(const std::string& prompt, uint64_t seed) {
    Session session(model_, {.cache = "full", .noise = make_seeded_noise(seed)});
    session.prompt().set(prompt, false);
    const auto& c = model_->config();
    const int64_t last = c.window_frames / c.chunk_frames - 1;
    check_input(last > kEarlyChunk, "a window of {} frames is too short to calibrate in",
                c.window_frames);
    diffusion::TransformerWorkspace workspace(model_->device());
    for (int64_t chunk = 0; chunk <= last; ++chunk) {
        const Tensor latents = session.step()->latents;
        session.finalize();
        if (chunk != kEarlyChunk && chunk != last) {
            continue;
        }
        const auto frames = static_cast<size_t>(latents.extent(0));
        Onlooker onlooker(session.memory(), [&](int layer, int64_t head,
                                                std::span<const double> s) {
            const auto at = static_cast<size_t>(layer * sums_.heads + head);
            if (chunk == kEarlyChunk) {
                sums_.first[at] += static_cast<float>(s[0]);
                sums_.middle[at] += static_cast<float>(sum(s.subspan(1, s.size() - 1 - frames)));
            }
            if (chunk == last) {
                sums_.recent[at] += static_cast<float>(sum(s.last(static_cast<size_t>(kRecent))) /
                                                       sum(s.subspan(1)));
            }
        });
        model_->transformer().remember(latents, std::vector<double>(frames, 0.0),
                                       session.prompt().context(), onlooker, workspace);
        workspace.synchronize();
    }
    ++takes_;
}

HeadMasses HeadCalibration::masses() const {
    check(takes_ > 0, "no take was measured");
    HeadMasses means = sums_;
    for (auto* values : {&means.recent, &means.first, &means.middle}) {
        for (float& v : *values) {
            v /= static_cast<float>(takes_);
        }
    }
    return means;
}

}  // namespace longtake::generator
