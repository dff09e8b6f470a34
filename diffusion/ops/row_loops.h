#pragma once

#include "diffusion/ops/gelu.h"
#include "diffusion/ops/row_kernels.h"

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for its own instruction set

// RowKernels, written once for all instruction sets. `Isa` names the vectors and what is used
// below; bf16 are the uint16_t they are stored in.
template <class Isa> class RowLoops {
    using Vector = typename Isa::Vector;
    static constexpr int64_t kLanes = Isa::kLanes;

  public:
    static constexpr RowKernels kernels(const char* name) {
        return {.name = name,
                .lanes = kLanes,
                .layer_norm = {layer_norm<float>, layer_norm<uint16_t>},
                .rms_norm = {{rms_norm<float, float>, rms_norm<float, uint16_t>},
                             {rms_norm<uint16_t, float>, rms_norm<uint16_t, uint16_t>}},
                .turn = {turn<float>, turn<uint16_t>},
                .gelu = {gelu_row<float>, gelu_row<uint16_t>}};
    }

  private:
    // The sum of what `add(sum, i)` adds for i = 0, kLanes, ..; four sums hide one's latency.
    template <typename Add> [[gnu::always_inline]] static float sum(int64_t d, Add&& add) {
        constexpr int kSums = 4;
        Vector s[kSums];
        for (Vector& v : s) {
            v = Isa::broadcast(0.F);
        }
        int64_t i = 0;
        for (; i + kSums * kLanes <= d; i += kSums * kLanes) {
            for (int k = 0; k < kSums; ++k) {
                s[k] = add(s[k], i + k * kLanes);
            }
        }
        for (; i < d; i += kLanes) {
            s[0] = add(s[0], i);
        }
        return Isa::total(Isa::add(Isa::add(s[0], s[1]), Isa::add(s[2], s[3])));
    }

    static float inverse_root(float squares, int64_t d, float eps) {
        return 1.F / __builtin_sqrtf(squares / static_cast<float>(d) + eps);
    }

    template <typename Out>
    static void layer_norm(const float* x, const float* gain, const float* bias, int64_t d,
                           float eps, void* out) {
        const float total =
            sum(d, [=](Vector s, int64_t i) { return Isa::add(s, Isa::get(x + i)); });
        const Vector mean = Isa::broadcast(total / static_cast<float>(d));
        const float squares = sum(d, [=](Vector s, int64_t i) {
            const Vector v = Isa::sub(Isa::get(x + i), mean);
            return Isa::fma(v, v, s);
        });
        const Vector scale = Isa::broadcast(inverse_root(squares, d, eps));
        auto* y = static_cast<Out*>(out);
        for (int64_t i = 0; i < d; i += kLanes) {
            const Vector v = Isa::mul(Isa::sub(Isa::get(x + i), mean), scale);
            Isa::put(y + i, Isa::fma(v, Isa::get(gain + i), Isa::get(bias + i)));
        }
    }

    static Vector turned(Vector v, HeadTurn turn, int64_t i) {
        const Vector across = Isa::mul(Isa::swap_pairs(v), Isa::get(turn.sines + i));
        return Isa::fma(v, Isa::get(turn.cosines + i), across);
    }

    template <typename In, typename Out>
    static void rms_norm(const void* from, const float* weight, int64_t d, float eps, HeadTurn turn,
                         int64_t head_dim, void* out) {
        const In* x = static_cast<const In*>(from);
        const float squares = sum(d, [=](Vector s, int64_t i) {
            const Vector v = Isa::get(x + i);
            return Isa::fma(v, v, s);
        });
        const Vector scale = Isa::broadcast(inverse_root(squares, d, eps));
        const auto normed = [=](int64_t i) {
            return Isa::mul(Isa::mul(Isa::get(x + i), scale), Isa::get(weight + i));
        };
        auto* y = static_cast<Out*>(out);
        if (turn.cosines == nullptr) {
            for (int64_t i = 0; i < d; i += kLanes) {
                Isa::put(y + i, normed(i));
            }
            return;
        }
        for (int64_t head = 0; head < d; head += head_dim) {
            for (int64_t i = 0; i < head_dim; i += kLanes) {
                Isa::put(y + head + i, turned(normed(head + i), turn, i));
            }
        }
    }

    template <typename T>
    static void turn(const void* from, int64_t heads, HeadTurn turn, int64_t head_dim, void* out) {
        const T* x = static_cast<const T*>(from);
        auto* y = static_cast<T*>(out);
        for (int64_t h = 0; h < heads; ++h, x += head_dim, y += head_dim) {
            for (int64_t i = 0; i < head_dim; i += kLanes) {
                Isa::put(y + i, turned(Isa::get(x + i), turn, i));
            }
        }
    }

    template <typename T> static void gelu_row(void* x, int64_t n) {
        auto* y = static_cast<T*>(x);
        for (int64_t i = 0; i < n; i += kLanes) {
            Isa::put(y + i, gelu<Isa>(Isa::get(y + i)));
        }
    }
};

}  // namespace
}  // namespace longtake::diffusion
