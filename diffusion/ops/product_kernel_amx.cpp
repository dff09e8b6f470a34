// Compiled for AMX: nothing here may run before has_amx_bf16() has asked the machine.
#include "diffusion/ops/product_kernel_amx.h"

#include "diffusion/ops/amx.h"
#include "diffusion/ops/gelu.h"
#include "diffusion/ops/simd_avx512bf16.h"

// The matrix unit multiplies while the vectors finish: beside the product of one panel of columns,
// the sums of the panel before are taken to memory, some rows after each of its instructions, for
// the core does not look far ahead.
namespace longtake::diffusion {
namespace {

using V = Avx512Bf16;
using Vector = V::Vector;

// GELU_tanh to 2^-13, for what is rounded to bf16; see gelu.h.
Vector rough_gelu(Vector x) {
    const float c = -2.302208198F;
    const Vector even = V::fma(V::mul(x, x), V::broadcast(c * 0.044715F), V::broadcast(c));
    const Vector power = V::min(V::mul(x, even), V::broadcast(125.F));
    return V::mul(x, _mm512_rcp14_ps(V::add(V::broadcast(1.F), V::rough_exp2(power))));
}

template <int kHalves>  // of 16 rows
class Rows {
  public:
    explicit Rows(const AmxProduct& p)
        : p_(p),
          rows_per_product_((p.rows * kAmxDepth + 2 * kHalves * p.in - 1) / (2 * kHalves * p.in)) {}

    void run() {
        const int64_t panels = p_.columns / kAmxColumns;
        multiply(0, [] {});
        for (int64_t panel = 0; panel < panels; ++panel) {
            int64_t row = 0;
            const auto finish_until = [&](int64_t end) {
                for (; row < end; ++row) {
                    finish(panel, row);
                }
            };
            if (panel + 1 < panels) {
                multiply(panel + 1, [&] {
                    const int64_t end = row + rows_per_product_;
                    finish_until(end < p_.rows ? end : p_.rows);
                });
            }
            finish_until(p_.rows);
            settle();
        }
    }

  private:
    float* sums(int64_t panel) const {  // [32, 32]
        return p_.scratch + (panel & 1) * kAmxRows * kAmxColumns;
    }

    // `between` runs after every product of tiles.
    template <typename Between> void multiply(int64_t panel, Between&& between) {
        const uint16_t* weights = p_.weights + panel * p_.in * kAmxColumns;
        const int64_t stride = p_.in * static_cast<int64_t>(sizeof(uint16_t));
        _tile_zero(0);
        _tile_zero(1);
        if constexpr (kHalves == 2) {
            _tile_zero(2);
            _tile_zero(3);
        }
        for (int64_t k = 0; k < p_.in; k += kAmxDepth) {
            const uint16_t* both = weights + k * kAmxColumns;
            _tile_loadd(4, p_.x + k, stride);
            _tile_loadd(6, both, 64);
            _tile_dpbf16ps(0, 4, 6);
            between();
            _tile_loadd(7, both + kTile * kAmxDepth, 64);
            _tile_dpbf16ps(1, 4, 7);
            between();
            if constexpr (kHalves == 2) {
                _tile_loadd(5, p_.x + kTile * p_.in + k, stride);
                _tile_dpbf16ps(2, 5, 6);
                between();
                _tile_dpbf16ps(3, 5, 7);
                between();
            }
            settle();
        }
        constexpr int64_t kRow = kAmxColumns * sizeof(float);
        float* to = sums(panel);
        _tile_stored(0, to, kRow);
        _tile_stored(1, to + kTile, kRow);
        if constexpr (kHalves == 2) {
            _tile_stored(2, to + kTile * kAmxColumns, kRow);
            _tile_stored(3, to + kTile * kAmxColumns + kTile, kRow);
        }
        settle();
    }

    void finish(int64_t panel, int64_t row) const {
        for (int64_t i = 0; i < kAmxColumns; i += V::kLanes) {
            const int64_t column = panel * kAmxColumns + i, at = row * p_.y_stride + column;
            Vector r =
                V::add(V::load(sums(panel) + row * kAmxColumns + i), V::get(p_.bias + column));
            if (p_.gelu) {
                r = p_.to_bf16 ? rough_gelu(r) : gelu<V>(r);
            }
            if (p_.to_bf16) {
                V::put(static_cast<uint16_t*>(p_.y) + at, r);
                continue;
            }
            float* y = static_cast<float*>(p_.y) + at;
            if (p_.add) {
                r = p_.gate == nullptr ? V::add(r, V::get(y))
                                       : V::fma(r, V::get(p_.gate + column), V::get(y));
            }
            V::put(y, r);
        }
    }

    const AmxProduct& p_;
    int64_t rows_per_product_;
};

}  // namespace

// The configuration is left as others find it who use the unit: released.
void product_kernel_amx(const AmxProduct& product) {
    const TileConfig config;
    _tile_loadconfig(&config);
    product.rows > kTile ? Rows<2>(product).run() : Rows<1>(product).run();
    _tile_release();
}

}  // namespace longtake::diffusion
