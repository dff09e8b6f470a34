#pragma once

#include "diffusion/ops/attention_kernel.h"

namespace longtake::diffusion {

// The attention kernel, written once for all instruction sets. Queries lie in the lanes of the
// vectors, so that maxima and sums of the softmax need no work across lanes; keys and values are
// broadcast from where they lie. Everything that is used again stays in the first cache level.
//
// Elements are multiplied in units of 32 bits: one fp32, or a pair of bf16 of which the products
// are added. `Isa` names the vectors:
//   Element, kPair (elements per unit), kLanes, kKeys x kVectors and kDims x kVectors (the sums
//   held in registers), Vector, and the operations used below.
template <class Isa> class AttentionTiler {
    using Vector = typename Isa::Vector;
    using Element = typename Isa::Element;
    static constexpr int kPair = Isa::kPair;
    static constexpr int64_t kBlock = 64;  // keys between two corrections of the maxima

  public:
    static constexpr int64_t kLanes = Isa::kLanes, kRows = kLanes * Isa::kVectors;

    static int64_t scratch_floats(int64_t head_dim) { return kRows * (2 * head_dim + kBlock); }

    static void run(const AttentionTile& t) { run_with<Isa::kVectors>(t); }

  private:
    // The fewest vectors that hold the rows.
    template <int kVectors> static void run_with(const AttentionTile& t) {
        if constexpr (kVectors > 1) {
            if (t.rows <= (kVectors - 1) * kLanes) {
                return run_with<kVectors - 1>(t);
            }
        }
        attend<kVectors>(t);
    }

    template <int kVectors> static void attend(const AttentionTile& t) {
        constexpr int64_t kWidth = kVectors * kLanes;
        float* q = t.scratch;                // [units, kWidth]
        float* s = q + t.head_dim * kWidth;  // [kBlock, kWidth] logits, then weights
        float* sums = s + kBlock * kWidth;   // [head_dim, kWidth]
        load_queries(t, kWidth, q);
        for (int64_t i = 0; i < t.head_dim * kWidth; ++i) {
            sums[i] = 0;
        }
        Vector largest[kVectors], total[kVectors];
        for (int v = 0; v < kVectors; ++v) {
            largest[v] = Isa::broadcast(-__builtin_inff());
            total[v] = Isa::broadcast(0.F);
        }
        for (int64_t begin = 0; begin < t.slots; begin += kBlock) {
            const int64_t n = t.slots - begin < kBlock ? t.slots - begin : kBlock;
            Vector before[kVectors];
            for (int v = 0; v < kVectors; ++v) {
                before[v] = largest[v];
            }
            score_block<kVectors>(t, q, begin, n, s, largest);
            Vector shrink[kVectors];
            for (int v = 0; v < kVectors; ++v) {
                shrink[v] = Isa::exp2(Isa::sub(before[v], largest[v]));
                total[v] = Isa::mul(total[v], shrink[v]);
            }
            weigh<kVectors>(n, largest, s, total);
            add_block<kVectors>(t, begin, n, s, shrink, sums);
        }
        store<kVectors>(t, total, sums);
    }

    static void load_queries(const AttentionTile& t, int64_t width, float* q) {
        const auto* from = static_cast<const Element*>(t.q);
        for (int64_t r = 0; r < width; ++r) {
            const Element* row = from + (r < t.rows ? r : 0) * t.stride;
            for (int64_t k = 0; k < t.head_dim / kPair; ++k) {
                q[k * width + r] = Isa::query_unit(row, k);
            }
        }
    }

    // s = logits, in units of log2, of keys [begin, begin + n).
    template <int kVectors>
    static void score_block(const AttentionTile& t, const float* q, int64_t begin, int64_t n,
                            float* s, Vector* largest) {
        int64_t j = 0;
        for (; j + Isa::kKeys <= n; j += Isa::kKeys) {
            score<Isa::kKeys, kVectors>(t, q, begin, j, s, largest);
        }
        for (; j < n; ++j) {
            score<1, kVectors>(t, q, begin, j, s, largest);
        }
    }

    // Logits of kKeys keys.
    template <int kKeys, int kVectors>
    static void score(const AttentionTile& t, const float* q, int64_t begin, int64_t j, float* s,
                      Vector* largest) {
        constexpr int64_t kWidth = kVectors * kLanes;
        const int64_t units = t.head_dim / kPair;
        const float* keys = static_cast<const float*>(t.keys) + (begin + j) * units;
        Vector sum[kKeys][kVectors];
#pragma GCC unroll 8
        for (int i = 0; i < kKeys; ++i) {
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                sum[i][v] = Isa::broadcast(0.F);
            }
        }
        for (int64_t k = 0; k < units; ++k) {
            Vector x[kVectors];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                x[v] = Isa::load(q + k * kWidth + v * kLanes);
            }
#pragma GCC unroll 8
            for (int i = 0; i < kKeys; ++i) {
                const Vector key = Isa::broadcast_unit(keys + i * units + k);
#pragma GCC unroll 4
                for (int v = 0; v < kVectors; ++v) {
                    sum[i][v] = Isa::multiply_add(x[v], key, sum[i][v]);
                }
            }
        }
        finish_logits<kKeys, kVectors>(t, begin, j, sum, s, largest);
    }

    template <int kKeys, int kVectors>
    static void finish_logits(const AttentionTile& t, int64_t begin, int64_t j,
                              const Vector (&product)[kKeys][kVectors], float* s, Vector* largest) {
        constexpr int64_t kWidth = kVectors * kLanes;
        const Vector scale = Isa::broadcast(t.scale);
#pragma GCC unroll 8
        for (int i = 0; i < kKeys; ++i) {
            const Vector bias =
                Isa::broadcast(t.key_bias == nullptr ? 0.F : t.key_bias[begin + j + i]);
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                const Vector logit = Isa::fma(product[i][v], scale, bias);
                largest[v] = Isa::max(largest[v], logit);
                Isa::store(s + (j + i) * kWidth + v * kLanes, logit);
            }
        }
    }

    // Logits to weights in place, in units as wide as those of the values.
    template <int kVectors>
    static void weigh(int64_t n, const Vector* largest, float* s, Vector* total) {
        constexpr int64_t kWidth = kVectors * kLanes;
        for (int64_t j = 0; j < n; j += kPair) {
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                float* at = s + j * kWidth + v * kLanes;
                const Vector first = Isa::exp2(Isa::sub(Isa::load(at), largest[v]));
                total[v] = Isa::add(total[v], first);
                if constexpr (kPair == 1) {
                    Isa::store(at, first);
                } else {
                    Vector second = Isa::broadcast(0.F);
                    if (j + 1 < n) {
                        second = Isa::exp2(Isa::sub(Isa::load(at + kWidth), largest[v]));
                        total[v] = Isa::add(total[v], second);
                    }
                    Isa::store(s + j / 2 * kWidth + v * kLanes, Isa::pair(first, second));
                }
            }
        }
    }

    // sums = sums * shrink + weights * values of keys [begin, begin + n).
    template <int kVectors>
    static void add_block(const AttentionTile& t, int64_t begin, int64_t n, const float* s,
                          const Vector* shrink, float* sums) {
        for (int64_t i = 0; i < t.head_dim; i += Isa::kDims) {
            add_values<kVectors>(t, begin, n, i, s, shrink, sums);
        }
    }

    // The same for kDims dimensions.
    template <int kVectors>
    static void add_values(const AttentionTile& t, int64_t begin, int64_t n, int64_t dim,
                           const float* s, const Vector* shrink, float* sums) {
        constexpr int64_t kWidth = kVectors * kLanes;
        const float* values =
            static_cast<const float*>(t.values) + begin / kPair * t.head_dim + dim;
        Vector sum[Isa::kDims][kVectors];
#pragma GCC unroll 8
        for (int i = 0; i < Isa::kDims; ++i) {
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                sum[i][v] = Isa::mul(Isa::load(sums + (dim + i) * kWidth + v * kLanes), shrink[v]);
            }
        }
        for (int64_t j = 0; j < (n + kPair - 1) / kPair; ++j) {
            Vector x[kVectors];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                x[v] = Isa::load(s + j * kWidth + v * kLanes);
            }
#pragma GCC unroll 8
            for (int i = 0; i < Isa::kDims; ++i) {
                const Vector value = Isa::broadcast_unit(values + j * t.head_dim + i);
#pragma GCC unroll 4
                for (int v = 0; v < kVectors; ++v) {
                    sum[i][v] = Isa::multiply_add(x[v], value, sum[i][v]);
                }
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < Isa::kDims; ++i) {
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
                Isa::store(sums + (dim + i) * kWidth + v * kLanes, sum[i][v]);
            }
        }
    }

    template <int kVectors>
    static void store(const AttentionTile& t, const Vector* total, float* sums) {
        constexpr int64_t kWidth = kVectors * kLanes;
        for (int64_t i = 0; i < t.head_dim; ++i) {
            for (int v = 0; v < kVectors; ++v) {
                float* at = sums + i * kWidth + v * kLanes;
                Isa::store(at, Isa::div(Isa::load(at), total[v]));
            }
        }
        auto* out = static_cast<Element*>(t.out);
        for (int64_t r = 0; r < t.rows; ++r) {
            for (int64_t i = 0; i < t.head_dim; ++i) {
                out[r * t.stride + i] = Isa::element(sums[i * kWidth + r]);
            }
        }
    }
};

// Keeps bf16, multiplies in fp32: for cores whose fp32 units are the faster ones, or the only ones.
// `Fp32` also has widened(bits), the values of kLanes bf16.
template <class Fp32> struct AttentionBf16AsFp32 : Fp32 {
    using Element = uint16_t;

    static float query_unit(const uint16_t* row, int64_t k) {
        return __builtin_bit_cast(float, uint32_t{row[k]} << 16);
    }
    static uint16_t element(float f) {
        const auto bits = __builtin_bit_cast(uint32_t, f);
        return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
    }
    static void widen(const void* from, int64_t begin, int64_t end, int64_t head_dim, float* to) {
        const auto* bits = static_cast<const uint16_t*>(from);
        for (int64_t i = begin * head_dim; i < end * head_dim; i += Fp32::kLanes) {
            Fp32::store(to + i, Fp32::widened(bits + i));
        }
    }
};

}  // namespace longtake::diffusion
