// Compiled for AMX: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/attention_bf16_pairs.h"
#include "diffusion/ops/attention_tile.h"

namespace longtake::diffusion {
namespace {

constexpr int64_t kTile = 16;             // rows of a tile, and its columns of 32 bits
constexpr int64_t kTileKeys = 2 * kTile;  // bf16 in a row

// Tiles 0 to 3 sum, 4 and 5 hold keys or values, 6 and 7 queries or weights; all of full size.
struct alignas(64) TileConfig {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// Queries stay in the lanes: both products have them as columns, and the units of two bf16 that the
// vector kernels broadcast are what the matrix unit takes for its right operand. Keys are its left
// operand where they lie; values must be transposed.
struct MatrixUnit : Bf16Pairs {
    static constexpr bool kMatrixUnit = true;
    static constexpr int kVectors = 2;

    // 2^x as in Avx512, but to 8e-5: weights are rounded to bf16 anyway.
    static Vector exp2(Vector x) {
        x = max(x, broadcast(-126.F));
        const Vector r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // [0, 1)
        Vector p = broadcast(7.8024521e-2F);
        p = fma(p, r, broadcast(2.2606716e-1F));
        p = fma(p, r, broadcast(6.9583354e-1F));
        p = fma(p, r, broadcast(9.9992522e-1F));
        return _mm512_scalef_ps(p, x);
    }

    // Values as [ceil(slots / 32), head_dim, 32]; keys that are missing are zero.
    static void transpose(const void* from, int64_t begin, int64_t end, int64_t head_dim,
                          float* to) {
        alignas(64) float pairs[kTile * kTile];  // [pair of keys, dimension]
        const auto* bits = static_cast<const uint16_t*>(from);
        for (int64_t j = begin; j < end; j += kTileKeys) {
            const int64_t n = end - j < kTileKeys ? end - j : kTileKeys;
            for (int64_t i = 0; i < head_dim; i += kTile) {
                for (int64_t k = 0; k < kTile; ++k) {
                    const uint16_t* at = bits + (j + 2 * k) * head_dim + i;
                    const __m512i none = _mm512_setzero_si512();
                    const __m512i low = 2 * k < n ? load_row(at) : none;
                    const __m512i high = 2 * k + 1 < n ? load_row(at + head_dim) : none;
                    store(pairs + k * kTile,
                          _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_slli_epi32(high, 16))));
                }
                transpose_units(pairs, to + (j / kTileKeys * head_dim + i) * kTile);
            }
        }
    }

    // s = keys * queries of keys [begin, begin + n), and a few more.
    template <int kVectors>
    static void multiply_keys(const AttentionTile& t, const float* q, int64_t begin, int64_t n,
                              float* s) {
        constexpr int64_t kWidth = kVectors * kTile;
        const auto row_bytes = static_cast<size_t>(t.head_dim) * sizeof(uint16_t);
        alignas(64) uint16_t room[kTileKeys * 128];
        for (int64_t j = 0; j < n; j += kTileKeys) {
            const uint16_t* keys = static_cast<const uint16_t*>(t.keys) + (begin + j) * t.head_dim;
            if (n - j < kTileKeys) {  // nothing may be read behind the last key
                std::memset(room, 0, kTileKeys * row_bytes);
                std::memcpy(room, keys, static_cast<size_t>(n - j) * row_bytes);
                keys = room;
            }
            zero<kVectors>();
            for (int64_t k = 0; k < t.head_dim; k += kTileKeys) {
                _tile_loadd(4, keys + k, row_bytes);
                _tile_loadd(5, keys + kTile * t.head_dim + k, row_bytes);
                add_products<kVectors>(q + k / 2 * kWidth);
            }
            move<kVectors, true>(s + j * kWidth);
        }
    }

    // sums += values * weights of keys [begin, begin + n); `s` has room for whole tiles.
    template <int kVectors>
    static void multiply_values(const AttentionTile& t, int64_t begin, int64_t n, float* s,
                                float* sums) {
        constexpr int64_t kWidth = kVectors * kTile;
        const int64_t pairs = (n + 1) / 2, tiles = (pairs + kTile - 1) / kTile;
        for (int64_t i = pairs * kWidth; i < tiles * kTile * kWidth; i += kLanes) {
            store(s + i, broadcast(0.F));
        }
        for (int64_t i = 0; i < t.head_dim; i += 2 * kTile) {
            move<kVectors, false>(sums + i * kWidth);
            for (int64_t b = 0; b < tiles; ++b) {
                const float* values = static_cast<const float*>(t.values) +
                                      ((begin / kTileKeys + b) * t.head_dim + i) * kTile;
                _tile_loadd(4, values, 64);
                _tile_loadd(5, values + kTile * kTile, 64);
                add_products<kVectors>(s + b * kTile * kWidth);
            }
            move<kVectors, true>(sums + i * kWidth);
        }
    }

  private:
    template <int kVectors> static void zero() {
        _tile_zero(0);
        _tile_zero(1);
        if constexpr (kVectors == 2) {
            _tile_zero(2);
            _tile_zero(3);
        }
    }

    // Sums += (tile 4, tile 5) * the 16 rows of units at `right`.
    template <int kVectors> static void add_products(const float* right) {
        constexpr int64_t kStride = kVectors * 64;
        _tile_loadd(6, right, kStride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        if constexpr (kVectors == 2) {
            _tile_loadd(7, right + kTile, kStride);
            _tile_dpbf16ps(2, 4, 7);
            _tile_dpbf16ps(3, 5, 7);
        }
    }

    // Sums to or from 32 rows of memory.
    template <int kVectors, bool kStore> static void move(float* at) {
        constexpr int64_t kStride = kVectors * 64;
        float* below = at + kTile * kVectors * kTile;
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

    // Rows of 16 units of 32 bits become columns. Both aligned.
    static void transpose_units(const float* from, float* to) {
        __m512i a[16], b[16];
        for (int i = 0; i < 16; ++i) {
            a[i] = _mm512_load_si512(from + i * 16);
        }
        for (int i = 0; i < 16; i += 2) {  // pairs of rows, interleaved by one unit
            b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
            b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
        }
        for (int i = 0; i < 16;
             i += 4) {  // by two: column 4 l + c of four rows in lane l of a[i + c]
            a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
            a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
            a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
            a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
        }
        for (int c = 0; c < 4; ++c) {  // then lanes of 128 bits, a 4 x 4 transpose of them
            const __m512i low = _mm512_shuffle_i32x4(a[c], a[c + 4], 0x44);
            const __m512i high = _mm512_shuffle_i32x4(a[c], a[c + 4], 0xee);
            const __m512i low2 = _mm512_shuffle_i32x4(a[c + 8], a[c + 12], 0x44);
            const __m512i high2 = _mm512_shuffle_i32x4(a[c + 8], a[c + 12], 0xee);
            _mm512_store_si512(to + c * 16, _mm512_shuffle_i32x4(low, low2, 0x88));
            _mm512_store_si512(to + (4 + c) * 16, _mm512_shuffle_i32x4(low, low2, 0xdd));
            _mm512_store_si512(to + (8 + c) * 16, _mm512_shuffle_i32x4(high, high2, 0x88));
            _mm512_store_si512(to + (12 + c) * 16, _mm512_shuffle_i32x4(high, high2, 0xdd));
        }
    }
};

using Tiler = AttentionTiler<MatrixUnit>;

// The configuration is left as others find it who use the unit: released.
void run(const AttentionTile& tile) {
    const TileConfig config;
    _tile_loadconfig(&config);
    Tiler::run(tile);
    _tile_release();
}

}  // namespace

extern const AttentionKernel kAttentionAmxBf16;
const AttentionKernel kAttentionAmxBf16{
    .name = "amx_bf16",
    .dtype = DType::BF16,
    .lane_rows = Tiler::kLanes,
    .tile_rows = Tiler::kRows,
    .dim_multiple = kTileKeys,
    .scratch_floats = Tiler::scratch_floats,
    .run = run,
    .pack_keys = nullptr,
    .pack_values = MatrixUnit::transpose,
};

}  // namespace longtake::diffusion
