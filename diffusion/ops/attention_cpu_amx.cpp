// Compiled for AMX: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/amx.h"
#include "diffusion/ops/attention_bf16_pairs.h"
#include "diffusion/ops/attention_kernel.h"
#include "diffusion/ops/simd_avx512bf16.h"
#include "diffusion/ops/transpose_avx512.h"

#include <algorithm>

// The matrix unit multiplies while the vectors weigh: a turn of the loop takes the logits of block
// b to weights, adds the values of block b - 1 and multiplies the keys of block b + 1, in small
// pieces one after the other, so that the core always has some of both at hand. Beside the matrix
// unit a core has one port for most vector instructions rather than two, which is what bounds it:
// maxima are therefore seldom followed, and pairs are made by a shuffle, which has a port of its
// own.
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

// A constant that the compiler keeps in a register rather than making it anew each time.
template <typename T> [[gnu::always_inline]] inline T kept(T x) {
    asm volatile("" : "+v"(x));
    return x;
}

// Pairs of bf16 from exponents in fixed point: 2^(e / 2^23 - 127), for what is left of e in its
// upper half, hence to 0.3 % before it is rounded to bf16, which is 0.4 %. Not less than 2^-125.
// What overflowed towards minus infinity is INT_MIN.
struct Exp2Pairs {
    static constexpr __mmask64 kLowerHalves = 0x3333333333333333U;
    __m512i halves = kept(_mm512_broadcast_i32x4(
        _mm_setr_epi8(2, 3, -1, -1, 6, 7, -1, -1, 10, 11, -1, -1, 14, 15, -1, -1)));
    __m512i least = kept(_mm512_set1_epi16(2 << 7)), fraction = kept(_mm512_set1_epi16(0x7f));
    __m512i low = _mm512_load_si512(kMantissas.bits),
            high = _mm512_load_si512(kMantissas.bits + 64);

    [[gnu::always_inline]] __m512i operator()(__m512i first, __m512i second) const {
        const __m512i both = _mm512_mask_shuffle_epi8(second, kLowerHalves, first, halves);
        const __m512i e = _mm512_max_epi16(both, least);
        const __m512i mantissas = _mm512_permutex2var_epi8(low, e, high);
        return _mm512_ternarylogic_epi32(fraction, mantissas, e, 0xca);  // a ? b : c
    }
};

int64_t scratch_floats(int64_t head_dim) {
    return kMaxVectors * kTile * (head_dim / 2 + head_dim + 2 * kBlock) + kTileKeys * kMaxDim / 2;
}

// Tiles 0 and 1 sum, 2 and 3 hold keys or values, 4 to 7 the queries or weights that a block of
// them meets. The query rows of one call, 16 to a vector, are columns of every product, so that
// maxima and sums need no work across lanes.
template <int kVectors> class Rows {
    static constexpr int64_t kWidth = kVectors * kTile;
    static constexpr int64_t kStride = kWidth * sizeof(float);
    static constexpr int64_t kDeep = 2 * kTileKeys;  // of what products add up, at a time
    // Weights of up to 2^64 are as exact as those up to 1, so the maximum follows only from there.
    static constexpr float kSlack = 64;
    static constexpr float kUnit = 0x1p23F;  // see exp2_pairs

  public:
    explicit Rows(const AttentionTile& t)
        : t_(t),
          q_(t.scratch),
          sums_(q_ + t.head_dim / 2 * kWidth),
          logits_{sums_ + t.head_dim * kWidth, sums_ + (t.head_dim + kBlock) * kWidth},
          last_keys_(reinterpret_cast<uint16_t*>(sums_ + (t.head_dim + 2 * kBlock) * kWidth)) {
        for (State& s : state_) {
            s = {V::broadcast(-__builtin_inff()), V::broadcast(0.F), V::broadcast(0.F)};
        }
    }

    void attend() {
        load_queries();
        std::fill_n(sums_, t_.head_dim * kWidth, 0.F);
        const int64_t blocks = (t_.slots + kBlock - 1) / kBlock;
        const auto idle = [] {};
        multiply_keys(0, idle);
        raise_maxima(0);
        for (int64_t b = 0; b < blocks; ++b) {
            Weighing weighing(*this, b);
            const auto weigh_two = [&]() __attribute__((always_inline)) {
                weighing.step();
            };
            if (b > 0) {
                add_values(b - 1, weigh_two);
            }
            if (b + 1 < blocks) {
                multiply_keys(b + 1, weigh_two);
            }
            weighing.finish();
            if (!weighing.hand_over(*this)) {
                multiply_keys(b, idle);
                raise_maxima(b);
                Weighing again(*this, b);
                again.finish();
                again.hand_over(*this);
            }
            settle();
        }
        add_values(blocks - 1, idle);
        store_rows();
    }

  private:
    struct State {
        Vector largest;  // logits, not scaled
        Vector offset;   // 127 - scale largest, and half a bf16's unit, in kUnit
        Vector total;
    };

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

    // Logits of a block = keys * queries, not yet scaled. `between` runs after every product of
    // tiles.
    template <typename Between>
    [[gnu::always_inline]] void multiply_keys(int64_t block, Between&& between) {
        float* s = logits(block);
        for (int64_t k = 0; k < t_.head_dim; k += kDeep) {
            const bool deep = t_.head_dim - k >= kDeep;
            load_right(q_ + k / 2 * kWidth, deep);
            for (int64_t j = 0; j < keys_of(block); j += kTileKeys) {
                const uint16_t* keys = keys_from(block * kBlock + j) + k;
                for (int64_t i = 0; i < kTileKeys; i += kTile) {
                    add_products({keys + i * t_.head_dim, t_.head_dim * 2, kTileKeys * 2}, deep,
                                 s + (j + i) * kWidth, k > 0, between);
                }
            }
        }
        if (t_.key_bias != nullptr || t_.slots < (block + 1) * kBlock) {
            complete(block);
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

    // Adds biases; keys that are missing weigh nothing.
    void complete(int64_t block) {
        float* s = logits(block);
        settle();
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
    }

    // Raises the maxima to those of a block's logits, and what was summed with those before.
    void raise_maxima(int64_t block) {
        settle();
        Vector shrink[kVectors];
        for (int v = 0; v < kVectors; ++v) {
            Vector top = state_[v].largest;
            for (int64_t j = 0; j < keys_of(block); ++j) {
                top = V::max(top, V::load(logits(block) + j * kWidth + v * kTile));
            }
            const __mmask16 higher = _mm512_cmp_ps_mask(top, state_[v].largest, _CMP_GT_OQ);
            const Vector fall = V::mul(V::sub(state_[v].largest, top), V::broadcast(t_.scale));
            shrink[v] =
                _mm512_mask_blend_ps(higher, V::broadcast(1.F), Avx512Bf16::rough_exp2(fall));
            state_[v].largest = top;
            state_[v].offset = V::fma(top, V::broadcast(-kUnit * t_.scale),
                                      V::broadcast(127 * kUnit + kUnit / 256));
            state_[v].total = V::mul(state_[v].total, shrink[v]);
        }
        for (int64_t i = 0; i < t_.head_dim * kWidth; i += kTile) {
            V::store(sums_ + i, V::mul(V::load(sums_ + i), shrink[i / kTile % kVectors]));
        }
        settle();
    }

    // A block's way from logits to weights, in place, two keys at a step. All it works with are
    // values of its own, which stay in registers while tiles go to memory.
    class Weighing {
      public:
        [[gnu::always_inline]] Weighing(const Rows& rows, int64_t block)
            : at_(rows.logits(block)),
              to_(at_),
              end_(at_ + rows.keys_of(block) * kWidth),
              scale_(V::broadcast(kUnit * rows.t_.scale)),
              first_(rows.state_[0]),
              last_(rows.state_[kVectors - 1]) {}

        // The weights are added up as they are multiplied: rounded.
        [[gnu::always_inline]] void step() {
            if (at_ == end_) {
                return;
            }
            weigh(first_, 0);
            if constexpr (kVectors == 2) {
                weigh(last_, kTile);
            }
            at_ += 2 * kWidth;
            to_ += kWidth;
        }

        [[gnu::always_inline]] void finish() {
            while (at_ != end_) {
                step();
            }
        }

        // Leaves the totals with the rows, unless a logit was so far above the maximum that its
        // weight is not to be trusted.
        [[gnu::always_inline]] bool hand_over(Rows& rows) const {
            const Vector slack = V::broadcast(kSlack / rows.t_.scale);
            const __mmask16 beyond =
                _mm512_cmp_ps_mask(first_.top, V::add(rows.state_[0].largest, slack), _CMP_GT_OQ) |
                _mm512_cmp_ps_mask(last_.top, V::add(rows.state_[kVectors - 1].largest, slack),
                                   _CMP_GT_OQ);
            if (beyond != 0) {
                return false;
            }
            rows.state_[0].total = first_.total;
            if constexpr (kVectors == 2) {
                rows.state_[1].total = last_.total;
            }
            return true;
        }

      private:
        struct Lanes {
            [[gnu::always_inline]] explicit Lanes(const State& s)
                : offset(s.offset), total(s.total), top(s.largest) {}
            Vector offset, total, top;
        };
        [[gnu::always_inline]] void weigh(Lanes& l, int64_t v) {
            const Vector one = V::load(at_ + v), two = V::load(at_ + kWidth + v);
            l.top = V::max(l.top, V::max(one, two));
            const __m512i first = _mm512_cvtps_epi32(V::fma(one, scale_, l.offset));
            const __m512i second = _mm512_cvtps_epi32(V::fma(two, scale_, l.offset));
            const Vector weights = _mm512_castsi512_ps(exp2_(first, second));
            l.total = V::multiply_add(weights, ones_, l.total);
            V::store(to_ + v, weights);
        }

        float *at_, *to_, *end_;
        Vector scale_;
        Lanes first_, last_;
        Exp2Pairs exp2_;
        Vector ones_ = kept(_mm512_castsi512_ps(_mm512_set1_epi32(0x3f803f80)));
    };

    // sums += values * weights of a block.
    template <typename Between>
    [[gnu::always_inline]] void add_values(int64_t block, Between&& between) {
        const bool deep = keys_of(block) == kDeep;
        load_right(logits(block), deep);
        for (int64_t i = 0; i < t_.head_dim; i += kTile) {
            const float* values = static_cast<const float*>(t_.values) +
                                  (block * kBlock / kTileKeys * t_.head_dim + i) * kTile;
            add_products({values, 64, t_.head_dim * 64}, deep, sums_ + i * kWidth, true, between);
        }
    }

    void store_rows() {
        for (int64_t v = 0; v < kVectors; ++v) {
            const Vector inverse = V::div(V::broadcast(1.F), state_[v].total);
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

    // Queries or weights: 64 deep, as [32, kWidth] units, or half of that.
    static void load_right(const float* right, bool deep) {
        _tile_loadd(4, right, kStride);
        if constexpr (kVectors == 2) {
            _tile_loadd(5, right + kTile, kStride);
        }
        if (deep) {
            _tile_loadd(6, right + kTile * kWidth, kStride);
            if constexpr (kVectors == 2) {
                _tile_loadd(7, right + kTile * kWidth + kTile, kStride);
            }
        }
    }

    // 16 keys, or 16 dimensions of values: a tile, and the one that is 32 deeper.
    struct Left {
        const void* at;
        int64_t stride, deeper;  // bytes
    };

    // 16 rows of sums = (+=) left * what load_right has taken. A tile is multiplied twice and
    // stored before the next one's turn: stores take as long as products and run beside them.
    template <typename Between>
    [[gnu::always_inline]] static void add_products(const Left& left, bool deep, float* sums,
                                                    bool add, Between&& between) {
        _tile_loadd(2, left.at, left.stride);
        if (deep) {
            _tile_loadd(3, static_cast<const std::byte*>(left.at) + left.deeper, left.stride);
        }
        if (add) {
            _tile_loadd(0, sums, kStride);
        } else {
            _tile_zero(0);
        }
        _tile_dpbf16ps(0, 2, 4);
        between();
        if (deep) {
            _tile_dpbf16ps(0, 3, 6);
            between();
        }
        _tile_stored(0, sums, kStride);
        if constexpr (kVectors == 2) {
            if (add) {
                _tile_loadd(1, sums + kTile, kStride);
            } else {
                _tile_zero(1);
            }
            _tile_dpbf16ps(1, 2, 5);
            between();
            if (deep) {
                _tile_dpbf16ps(1, 3, 7);
                between();
            }
            _tile_stored(1, sums + kTile, kStride);
        }
        settle();
    }

    const AttentionTile& t_;
    float* q_;             // [head_dim / 2, kWidth] units
    float* sums_;          // [head_dim, kWidth]
    float* logits_[2];     // [kBlock, kWidth] of a block, its weights [kBlock / 2, kWidth] units
    uint16_t* last_keys_;  // [kTileKeys, head_dim], zeros behind the last key
    State state_[kVectors];
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
