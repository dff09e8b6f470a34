#pragma once

#include "tests/generator/cache_driver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace longtake::generator {

// What the released Deep Forcing code does to one layer, token by token and as it does it: keys
// are stored rotated at absolute positions, the sink is turned in place, the last `recent` frames
// of queries are kept one by one. In double.
class ReleasedDeepForcing {
  public:
    struct Settings {
        int64_t window = 21, sink = 10, budget = 16, recent = 4;
        int reuse_limit = 7;
    };
    struct Token {
        int64_t number;
        double frame;  // where its key stands
        int reuse;
        std::vector<double> key;
    };

    ReleasedDeepForcing(const Settings& s, const CacheGeometry& g) : s_(s), g_(g) {}

    void pass(const Rows& rows, int64_t first_frame, bool first) {
        const int64_t new_tokens = rows.keys.extent(0);
        const int64_t tpf = g_.tokens_per_frame;
        for (int64_t t = 0; t < new_tokens; ++t) {
            queries_.push_back(turned(rows.queries, t, static_cast<double>(first_frame + t / tpf)));
        }
        const auto keep = static_cast<std::ptrdiff_t>(s_.recent * tpf);
        if (std::ssize(queries_) > keep) {
            queries_.erase(queries_.begin(), queries_.end() - keep);
        }
        if (!first) {
            cache.erase(cache.end() - new_tokens, cache.end());
        }
        for (int64_t t = 0; t < new_tokens; ++t) {
            const auto frame = static_cast<double>(first_frame + t / tpf);
            cache.push_back({first_frame * tpf + t, frame, 0, turned(rows.keys, t, frame)});
        }
        if (first && std::ssize(cache) > s_.window * tpf) {
            compress();
            shift_sink(first_frame);
        }
    }

    std::vector<Token> cache;

  private:
    int64_t pairs() const { return g_.head_dim / 2 - 2 * (g_.head_dim / 6); }

    void turn(std::vector<double>& key, double frames) const {
        for (int64_t h = 0; h < g_.heads; ++h) {
            for (int64_t i = 0; i < pairs(); ++i) {
                const double angle = frames * std::pow(10000.0, -static_cast<double>(i) /
                                                                    static_cast<double>(pairs()));
                double& a = key[static_cast<size_t>(h * g_.head_dim + 2 * i)];
                double& b = key[static_cast<size_t>(h * g_.head_dim + 2 * i + 1)];
                const double c = a;
                a = c * std::cos(angle) - b * std::sin(angle);
                b = c * std::sin(angle) + b * std::cos(angle);
            }
        }
    }

    std::vector<double> turned(const Tensor& rows, int64_t row, double frame) const {
        const int64_t channels = g_.heads * g_.head_dim;
        const float* x = rows.data<float>() + row * channels;
        std::vector<double> out(x, x + channels);
        turn(out, frame);
        return out;
    }

    void compress() {
        const int64_t tpf = g_.tokens_per_frame;
        std::vector<double> sum(static_cast<size_t>(g_.heads * g_.head_dim));
        for (const auto& q : queries_) {
            std::transform(sum.begin(), sum.end(), q.begin(), sum.begin(), std::plus<>());
        }
        const auto first = static_cast<size_t>(s_.sink * tpf);
        const size_t last = cache.size() - static_cast<size_t>(s_.recent * tpf);
        std::vector<std::pair<double, size_t>> ranking;
        for (size_t j = first; j < last; ++j) {
            if (s_.reuse_limit == 0 || cache[j].reuse < s_.reuse_limit) {
                ranking.emplace_back(
                    -std::inner_product(sum.begin(), sum.end(), cache[j].key.begin(), 0.0), j);
            }
        }
        std::ranges::sort(ranking);
        ranking.resize(static_cast<size_t>((s_.budget - s_.sink - s_.recent) * tpf));
        std::ranges::sort(ranking, {}, &std::pair<double, size_t>::second);
        std::vector<Token> kept(cache.begin(), cache.begin() + static_cast<std::ptrdiff_t>(first));
        for (const auto& [score, j] : ranking) {
            kept.push_back(cache[j]);
            ++kept.back().reuse;
        }
        for (size_t j = last; j < cache.size(); ++j) {
            kept.push_back(cache[j]);
            kept.back().reuse = 0;
        }
        cache = std::move(kept);
    }

    void shift_sink(int64_t first_frame) {
        const int64_t desired = first_frame - s_.budget;
        const int64_t delta = rolled_ ? desired - base_ : s_.window - s_.budget;
        rolled_ = true;
        base_ = desired;
        for (int64_t j = 0; j < s_.sink * g_.tokens_per_frame; ++j) {
            Token& token = cache[static_cast<size_t>(j)];
            turn(token.key, static_cast<double>(delta));
            token.frame += static_cast<double>(delta);
        }
    }

    Settings s_;
    CacheGeometry g_;
    std::vector<std::vector<double>> queries_;
    bool rolled_ = false;
    int64_t base_ = 0;
};

}  // namespace longtake::generator
