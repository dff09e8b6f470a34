// Compiled for AMX: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/amx.h"
#include "diffusion/ops/attention_bf16_pairs.h"
#include "diffusion/ops/attention_kernel.h"
#include "diffusion/ops/simd_avx512bf16.h"
#include "diffusion/ops/transpose_avx512.h"

#include <algorithm>

// The matrix unit multiplies while the vectors weigh: a turn of the loop takes the logits of block
// b to weights, adds the values of block b - 1 and multiplies the keys of block b + 1, in small
// pieces one after the other, so that the core always has some of both at hand.
namespace longtake::diffusion {
namespace {

using V = Bf16Pairs;
using Vector = V::Vector;

constexpr int64_t kTileKeys = 2 * kTile;  // bf16 in a row
constexpr int64_t kBlock = 2 * kTileKeys;
constexpr int kMaxVectors = 2;
constexpr int64_t kMaxDim = 128;

// The mantissas of 2^(i / 128), 7 bits each.
struct alignas(64) Mantissas {
    uint8_t bits[128];

    constexpr Mantissas() : bits{} {
        constexpr double kStep = 1.0054299011128028;  // 2^(1 / 128)
        double power = 1;
        for (uint8_t& b : bits) {
            b = static_cast<uint8_t>((power - 1) * 128 + 0.5);
            power *= kStep;
        }
    }
};
constexpr Mantissas kMantissas;

// Pairs of bf16 from exponents in fixed point: 2^(e / 2^23 - 127), for what is left of e in its
// upper half, hence to 0.3 % before it is rounded to bf16, which is 0.4 %. Not less than 2^-125.
// What overflowed towards minus infinity is INT_MIN.
__m512i exp2_pairs(__m512i first, __m512i second) {
    const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
    const __m512i both =
        _mm512_ternarylogic_epi32(second, upper, _mm512_srli_epi32(first, 16), 0xea);  // (a&b)|c
    const __m512i e = _mm512_max_epi16(both, _mm512_set1_epi16(2 << 7));
    const __m512i mantissas = _mm512_permutex2var_epi8(_mm512_load_si512(kMantissas.bits), e,
                                                       _mm512_load_si512(kMantissas.bits + 64));
    return _mm512_ternarylogic_epi32(_mm512_set1_epi16(0x7f), mantissas, e, 0xca);  // a ? b : c
}

int64_t scratch_floats(int64_t head_dim) {
    return kMaxVectors * kTile * (head_dim / 2 + head_dim + 2 * kBlock) + kTileKeys * kMaxDim / 2;
}

// Tiles 0 to 3 sum, 4 and 5 hold keys or values, 6 and 7 queries or weights. The query rows of one
// call, 16 to a vector: they are columns of every product, so that maxima
// and sums need no work across lanes.
template <int kVectors> class Rows {
    static constexpr int64_t kWidth = kVectors * kTile;
    static constexpr int64_t kStride = kWidth * sizeof(float);
    // Weights of up to 2^8 are as exact as those up to 1, so the maximum follows only from there.
    static constexpr float kSlack = 8;
    static constexpr float kUnit = 0x1p23F;  // see exp2_pairs

  public:
    explicit Rows(const AttentionTile& t)
        : t_(t),
          q_(t.scratch),
          sums_(q_ + t.head_dim / 2 * kWidth),
          logits_{sums_ + t.head_dim * kWidth, sums_ + (t.head_dim + kBlock) * kWidth},
          last_keys_(reinterpret_cast<uint16_t*>(sums_ + (t.head_dim + 2 * kBlock) * kWidth)) {
        std::fill_n(largest_, kVectors, V::broadcast(-__builtin_inff()));
        std::fill_n(total_, kVectors, V::broadcast(0.F));
    }

    void attend() {
        load_queries();
        std::fill_n(sums_, t_.head_dim * kWidth, 0.F);
        const int64_t blocks = (t_.slots + kBlock - 1) / kBlock;
        const auto idle = [] {};
        multiply_keys(0, idle);
        for (int64_t b = 0; b < blocks; ++b) {
            Vector shrink[kVectors];
            const bool grown = raise_maxima(b, shrink);
            Weighing weighing(*this, b);
            const auto weigh_some = [&] { weighing.step(); };
            if (b > 0) {
                add_values(b - 1, weigh_some);
            }
            if (b + 1 < blocks) {
                multiply_keys(b + 1, weigh_some);
            }
            weighing.finish(*this);
            settle();
            if (grown) {
                for (int64_t i = 0; i < t_.head_dim * kWidth; i += kTile) {
                    V::store(sums_ + i, V::mul(V::load(sums_ + i), shrink[i / kTile % kVectors]));
                }
                settle();
            }
        }
        add_values(blocks - 1, idle);
        store_rows();
    }

  private:
    // Keys of a block that are multiplied: those there are, in whole tiles.
    int64_t keys_of(int64_t block) const {
        return t_.slots - block * kBlock > kTileKeys ? kBlock : kTileKeys;
    }
    float* logits(int64_t block) const { return logits_[block & 1]; }

    // Queries as [head_dim / 2, kWidth] units; the first stands in for rows that are missing.
    void load_queries() {
        const auto* from = static_cast<const uint16_t*>(t_.q);
        for (int64_t v = 0; v < kVectors; ++v) {
            for (int64_t k = 0; k < t_.head_dim / 2; k += kTile) {
                __m512i columns[kTile];
                transpose_units(
                    [&](int64_t r) {
                        const int64_t row = v * kTile + r;
                        return _mm512_loadu_si512(from + (row < t_.rows ? row : 0) * t_.stride +
                                                  2 * k);
                    },
                    columns);
                for (int64_t i = 0; i < kTile; ++i) {
                    _mm512_store_si512(q_ + (k + i) * kWidth + v * kTile, columns[i]);
                }
            }
        }
    }

    // Logits of a block = keys * queries, not yet scaled.
    template <typename Between> void multiply_keys(int64_t block, Between&& between) {
        float* s = logits(block);
        for (int64_t j = 0; j < keys_of(block); j += kTileKeys) {
            const uint16_t* keys = keys_from(block * kBlock + j);
            zero();
            for (int64_t k = 0; k < t_.head_dim; k += kTileKeys) {
                _tile_loadd(4, keys + k, t_.head_dim * 2);
                _tile_loadd(5, keys + kTile * t_.head_dim + k, t_.head_dim * 2);
                add_products(q_ + k / 2 * kWidth, between);
                settle();
            }
            move<true>(s + j * kWidth);
        }
    }

    // 32 keys from slot `begin` on; nothing is read behind the last one.
    const uint16_t* keys_from(int64_t begin) {
        const int64_t there = std::clamp<int64_t>(t_.slots - begin, 0, kTileKeys);
        const uint16_t* keys = static_cast<const uint16_t*>(t_.keys) + begin * t_.head_dim;
        if (there == kTileKeys) {
            return keys;
        }
        const auto row_bytes = static_cast<size_t>(t_.head_dim) * sizeof(uint16_t);
        std::memset(last_keys_, 0, kTileKeys * row_bytes);
        if (there > 0) {
            std::memcpy(last_keys_, keys, static_cast<size_t>(there) * row_bytes);
        }
        settle();
        return last_keys_;
    }

    // The block's logits are there, but for biases and missing keys. Raises the maxima where it
    // must; `shrink` is what becomes of sums made with those before.
    bool raise_maxima(int64_t block, Vector (&shrink)[kVectors]) {
        float* s = logits(block);
        const int64_t begin = block * kBlock, n = std::min(t_.slots - begin, kBlock);
        if (t_.key_bias != nullptr) {
            for (int64_t i = 0; i < n * kWidth; i += kTile) {
                const float bias = t_.key_bias[begin + i / kWidth] / t_.scale;
                V::store(s + i, V::add(V::load(s + i), V::broadcast(bias)));
            }
        }
        for (int64_t i = n * kWidth; i < keys_of(block) * kWidth; i += kTile) {
            V::store(s + i, V::broadcast(-__builtin_inff()));
        }
        bool grown = false;
        for (int v = 0; v < kVectors; ++v) {
            Vector top[4] = {largest_[v], largest_[v], largest_[v], largest_[v]};
            for (int64_t j = 0; j < keys_of(block); j += 4) {
                for (int i = 0; i < 4; ++i) {
                    top[i] = V::max(top[i], V::load(s + (j + i) * kWidth + v * kTile));
                }
            }
            const Vector now = V::max(V::max(top[0], top[1]), V::max(top[2], top[3]));
            const Vector reach = V::add(largest_[v], V::broadcast(kSlack / t_.scale));
            const __mmask16 higher = _mm512_cmp_ps_mask(now, reach, _CMP_GT_OQ);
            const Vector fall = V::mul(V::sub(largest_[v], now), V::broadcast(t_.scale));
            shrink[v] =
                _mm512_mask_blend_ps(higher, V::broadcast(1.F), Avx512Bf16::rough_exp2(fall));
            largest_[v] = _mm512_mask_blend_ps(higher, largest_[v], now);
            offset_[v] = V::fma(largest_[v], V::broadcast(-kUnit * t_.scale),
                                V::broadcast(127 * kUnit + kUnit / 256));
            total_[v] = V::mul(total_[v], shrink[v]);
            grown |= higher != 0;
        }
        return grown;
    }

    // A block's way from logits to weights, in place, in small steps. What it works with are
    // copies, which stay in registers while tiles go to memory.
    class Weighing {
      public:
        Weighing(const Rows& rows, int64_t block)
            : s_(rows.logits(block)),
              pairs_(rows.keys_of(block) / 2),
              scale_(V::broadcast(kUnit * rows.t_.scale)) {
            const int64_t products = kVectors * rows.t_.head_dim / 4;  // of tiles, in a turn
            together_ = (kBlock / 2 + products - 1) / products;
            std::copy_n(rows.offset_, kVectors, offset_);
            std::copy_n(rows.total_, kVectors, total_);
        }

        [[gnu::always_inline]] void step() { weigh_until(std::min(pair_ + together_, pairs_)); }

        [[gnu::always_inline]] void finish(Rows& rows) {
            weigh_until(pairs_);
            std::copy_n(total_, kVectors, rows.total_);
        }

      private:
        // Logits 2 pair and 2 pair + 1 of every row. The weights are added up as they are
        // multiplied: rounded.
        [[gnu::always_inline]] void weigh_until(int64_t end) {
            const Vector ones = _mm512_castsi512_ps(_mm512_set1_epi32(0x3f803f80));
            for (; pair_ < end; ++pair_) {
                for (int v = 0; v < kVectors; ++v) {
                    const float* at = s_ + 2 * pair_ * kWidth + v * kTile;
                    const __m512i first =
                        _mm512_cvtps_epi32(V::fma(V::load(at), scale_, offset_[v]));
                    const __m512i second =
                        _mm512_cvtps_epi32(V::fma(V::load(at + kWidth), scale_, offset_[v]));
                    const Vector weights = _mm512_castsi512_ps(exp2_pairs(first, second));
                    total_[v] = V::multiply_add(weights, ones, total_[v]);
                    V::store(s_ + pair_ * kWidth + v * kTile, weights);
                }
            }
        }

        float* s_;
        int64_t pair_ = 0, pairs_, together_;
        Vector scale_, offset_[kVectors], total_[kVectors];
    };

    // sums += values * weights of a block.
    template <typename Between> void add_values(int64_t block, Between&& between) {
        const float* weights = logits(block);
        const int64_t begin = block * kBlock;
        for (int64_t i = 0; i < t_.head_dim; i += kTileKeys) {
            move<false>(sums_ + i * kWidth);
            for (int64_t b = 0; b < keys_of(block) / kTileKeys; ++b) {
                const float* values = static_cast<const float*>(t_.values) +
                                      ((begin / kTileKeys + b) * t_.head_dim + i) * kTile;
                _tile_loadd(4, values, 64);
                _tile_loadd(5, values + kTile * kTile, 64);
                add_products(weights + b * kTile * kWidth, between);
                settle();
            }
            move<true>(sums_ + i * kWidth);
        }
    }

    void store_rows() {
        for (int64_t v = 0; v < kVectors; ++v) {
            const Vector inverse = V::div(V::broadcast(1.F), total_[v]);
            const int64_t rows = std::min(t_.rows - v * kTile, kTile);
            for (int64_t i = 0; i < t_.head_dim; i += kTile) {
                __m512i row[kTile];
                transpose_units(
                    [&](int64_t k) {
                        const float* at = sums_ + (i + k) * kWidth + v * kTile;
                        return _mm512_castps_si512(V::mul(V::load(at), inverse));
                    },
                    row);
                for (int64_t r = 0; r < rows; ++r) {
                    V::store_row(row[r],
                                 static_cast<uint16_t*>(t_.out) + (v * kTile + r) * t_.stride + i);
                }
            }
        }
    }

    static void zero() {
        _tile_zero(0);
        _tile_zero(1);
        if constexpr (kVectors == 2) {
            _tile_zero(2);
            _tile_zero(3);
        }
    }

    // Sums += (tile 4, tile 5) * the 16 rows of units at `right`. `between` runs after every
    // product of tiles.
    template <typename Between> static void add_products(const float* right, Between&& between) {
        _tile_loadd(6, right, kStride);
        _tile_dpbf16ps(0, 4, 6);
        between();
        _tile_dpbf16ps(1, 5, 6);
        between();
        if constexpr (kVectors == 2) {
            _tile_loadd(7, right + kTile, kStride);
            _tile_dpbf16ps(2, 4, 7);
            between();
            _tile_dpbf16ps(3, 5, 7);
            between();
        }
    }

    // Sums to or from 32 rows of memory.
    template <bool kStore> static void move(float* at) {
        float* below = at + kTile * kWidth;
        if constexpr (kStore) {
            _tile_stored(0, at, kStride);
            _tile_stored(1, below, kStride);
        } else {
            _tile_loadd(0, at, kStride);
            _tile_loadd(1, below, kStride);
        }
        if constexpr (kVectors == 2 && kStore) {
            _tile_stored(2, at + kTile, kStride);
            _tile_stored(3, below + kTile, kStride);
        } else if constexpr (kVectors == 2) {
            _tile_loadd(2, at + kTile, kStride);
            _tile_loadd(3, below + kTile, kStride);
        }
    }

    const AttentionTile& t_;
    float* q_;             // [head_dim / 2, kWidth] units
    float* sums_;          // [head_dim, kWidth]
    float* logits_[2];     // [kBlock, kWidth] of a block, its weights [kBlock / 2, kWidth] units
    uint16_t* last_keys_;  // [kTileKeys, head_dim], zeros behind the last key
    Vector largest_[kVectors];  // logits, not scaled
    Vector offset_[kVectors];   // 127 - scale largest, and half a bf16's unit, in kUnit
    Vector total_[kVectors];
};

// Values as [ceil(slots / 32), head_dim, 32]; keys that are missing are zero.
void transpose_values(const void* from, int64_t begin, int64_t end, int64_t head_dim, float* to) {
    const auto* bits = static_cast<const uint16_t*>(from);
    for (int64_t j = begin; j < end; j += kTileKeys) {
        const int64_t n = end - j < kTileKeys ? end - j : kTileKeys;
        for (int64_t i = 0; i < head_dim; i += kTile) {
            __m512i rows[kTile];
            transpose_units(
                [&](int64_t k) {
                    const uint16_t* at = bits + (j + 2 * k) * head_dim + i;
                    const __m512i none = _mm512_setzero_si512();
                    const __m512i low = 2 * k < n ? V::load_row(at) : none;
                    const __m512i high = 2 * k + 1 < n ? V::load_row(at + head_dim) : none;
                    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
                },
                rows);
            for (int64_t k = 0; k < kTile; ++k) {
                _mm512_store_si512(to + (j / kTileKeys * head_dim + i + k) * kTile, rows[k]);
            }
        }
    }
}

// The configuration is left as others find it who use the unit: released.
void run(const AttentionTile& tile) {
    const TileConfig config;
    _tile_loadconfig(&config);
    tile.rows > kTile ? Rows<2>(tile).attend() : Rows<1>(tile).attend();
    _tile_release();
}

}  // namespace

extern const AttentionKernel kAttentionAmxBf16;
const AttentionKernel kAttentionAmxBf16{
    .name = "amx_bf16",
    .dtype = DType::BF16,
    .lane_rows = kTile,
    .tile_rows = kMaxVectors * kTile,
    .dim_multiple = kTileKeys,
    .scratch_floats = scratch_floats,
    .run = run,
    .pack_keys = nullptr,
    .pack_values = transpose_values,
};

}  // namespace longtake::diffusion
