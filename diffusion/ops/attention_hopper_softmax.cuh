#pragma once

#include "diffusion/ops/attention_hopper_formats.cuh"

#include <cuda_fp16.h>

#include <cmath>
#include <cstdint>

// Logits of a block of keys to weights, and what the weights are relative to. Thread i of a warp,
// with g = i / 4 and t = i % 4, has the logits of the rows g and g + 8, of every eight keys 2t and
// 2t + 1.
namespace longtake::diffusion::hopper {

constexpr unsigned kAll = 0xffffffffU;

__device__ inline float exp2_fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

template <class F> class Softmax;

// In fp32. Logits are products as they come, `scale` makes octaves of them.
template <> class Softmax<Bf16> {
  public:
    __device__ explicit Softmax(float scale) : scale_(scale) {}
    __device__ void begin() {
        largest_[0] = largest_[1] = -INFINITY;
        total_[0] = total_[1] = 0;
    }
    // Of the keys of this block only the first `there` exist.
    __device__ void hide_missing(float (&logits)[Bf16::kLogits], int there) const {
#pragma unroll
        for (int i = 0; i < Bf16::kLogits; ++i) {
            if (i / 4 * 8 + static_cast<int>(threadIdx.x) % 4 * 2 + i % 2 >= there) {
                logits[i] = -INFINITY;
            }
        }
    }
    __device__ void weigh(float (&logits)[Bf16::kLogits]) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float top = largest_[half];
#pragma unroll
            for (int i = 0; i < Bf16::kLogits; i += 4) {
                top = fmaxf(top, fmaxf(logits[i + 2 * half], logits[i + 2 * half + 1]));
            }
            top = fmaxf(top, __shfl_xor_sync(kAll, top, 1));
            top = fmaxf(top, __shfl_xor_sync(kAll, top, 2));
            shrink_[half] = exp2_fast((largest_[half] - top) * scale_);
            largest_[half] = top;
            const float offset = top * scale_;
            float sum = 0;
#pragma unroll
            for (int i = 0; i < Bf16::kLogits; i += 4) {
#pragma unroll
                for (int j = 2 * half; j < 2 * half + 2; ++j) {
                    logits[i + j] = exp2_fast(fmaf(logits[i + j], scale_, -offset));
                    sum += logits[i + j];
                }
            }
            total_[half] = total_[half] * shrink_[half] + sum;  // of this thread's keys
        }
    }
    __device__ bool shrinks() const { return shrink_[0] != 1.F || shrink_[1] != 1.F; }
    // What is relative to the largest logit before the last block, to that of now.
    __device__ void shrink(float (&sums)[Bf16::kSums]) const {
#pragma unroll
        for (int i = 0; i < Bf16::kSums; ++i) {
            sums[i] *= shrink_[i / 2 % 2];
        }
    }
    __device__ void pack(const float (&w)[Bf16::kLogits], unsigned (&to)[Bf16::kSteps][4]) const {
#pragma unroll
        for (int k = 0; k < Bf16::kSteps; ++k) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                to[k][i] = diffusion::pack(w[8 * k + 2 * i], w[8 * k + 2 * i + 1]);
            }
        }
    }
    // Of row g or g + 8: the largest logit in units of log2, the total of weights.
    __device__ float2 scale_of(int half) const {
        float total = total_[half];
        total += __shfl_xor_sync(kAll, total, 1);
        total += __shfl_xor_sync(kAll, total, 2);
        return {largest_[half] * scale_, total};
    }

  private:
    float scale_, largest_[2], total_[2], shrink_[2];
};

// E4M3 has eight numbers to an octave, so its code is nearly eight times the logarithm: a weight's
// code is its logit, rounded (Schraudolph 1999). That is within 9 % of the exponential between two
// powers of two, as the format itself is within 6; what all weights have in common goes with their
// total. Logits come in eighths of an octave and in halves, whose last bits from 1024 on are
// integers. Weights less than 2^-14 of the largest come out too small, those less than 2^-15 are
// none.
template <> class Softmax<Fp8> {
  public:
    __device__ explicit Softmax(float) {}
    __device__ void begin() {
        largest_ = __float2half2_rn(-7040);  // what is less gets no weight
        total_[0] = total_[1] = 0;
    }
    __device__ void hide_missing(unsigned (&logits)[Fp8::kLogits], int there) const {
#pragma unroll
        for (int i = 0; i < Fp8::kLogits; ++i) {
            const int key = i / 2 * 8 + static_cast<int>(threadIdx.x) % 4 * 2;
            logits[i] = key + 1 < there ? logits[i]
                        : key < there   ? (logits[i] & 0xffffU) | 0xfc000000U
                                        : 0xfc00fc00U;
        }
    }
    // Afterwards the lowest byte of each half is a weight.
    __device__ void weigh(unsigned (&logits)[Fp8::kLogits]) {
        __half2 tops[2] = {halves(logits[0]), halves(logits[1])};
#pragma unroll
        for (int i = 2; i < Fp8::kLogits; ++i) {
            tops[i % 2] = __hmax2(tops[i % 2], halves(logits[i]));
        }
        __half2 top = __hmax2(__lows2half2(tops[0], tops[1]), __highs2half2(tops[0], tops[1]));
        top = __hmax2(top, __shfl_xor_sync(kAll, top, 1));
        top = __hmax2(top, __shfl_xor_sync(kAll, top, 2));
        before_ = largest_;
        largest_ = __hmax2(largest_, next_octave(top));

        const __half2 line = __hsub2(__float2half2_rn(kOne + kMost), largest_);
        const __half2 lines[2] = {__low2half2(line), __high2half2(line)};
#pragma unroll
        for (int i = 0; i < Fp8::kLogits; ++i) {
            const __half2 code =
                __hmax2(__hadd2(halves(logits[i]), lines[i % 2]), __float2half2_rn(kOne));
            logits[i] = reinterpret_cast<const unsigned&>(code);
        }
    }
    __device__ bool shrinks() const {
        return reinterpret_cast<const unsigned&>(before_) !=
               reinterpret_cast<const unsigned&>(largest_);
    }
    __device__ void shrink(float (&sums)[Fp8::kSums]) {
        const float2 old = __half22float2(before_), now = __half22float2(largest_);
        const float factor[2] = {exp2_fast((old.x - now.x) / 8), exp2_fast((old.y - now.y) / 8)};
        total_[0] *= factor[0];
        total_[1] *= factor[1];
#pragma unroll
        for (int i = 0; i < kDimSums; ++i) {
            sums[i] *= factor[i / 2 % 2];
        }
    }
    // The weights of the last block, which the ones behind the values added up. After every block,
    // because the unit keeps some 14 bits of a sum of fp8 products (DeepSeek-V3, 2024).
    __device__ void take_totals(float (&sums)[Fp8::kSums]) {
        total_[0] += sums[kDimSums];
        total_[1] += sums[kDimSums + 2];
#pragma unroll
        for (int i = kDimSums; i < Fp8::kSums; ++i) {
            sums[i] = 0;
        }
    }
    __device__ void pack(const unsigned (&codes)[Fp8::kLogits],
                         unsigned (&to)[Fp8::kSteps][4]) const {
#pragma unroll
        for (int k = 0; k < Fp8::kSteps; ++k) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {  // rows g and g + 8 by turns
                const int at = 8 * k + i / 2 * 4 + i % 2;
                to[k][i] = __byte_perm(codes[at], codes[at + 2], 0x6420);
            }
        }
    }
    __device__ float2 scale_of(int half) const {
        constexpr float kSmallest = 1.F / 512;  // of weights: none is there if all are too far down
        const float2 largest = __half22float2(largest_);
        return {(half == 0 ? largest.x : largest.y) / 8, fmaxf(total_[half], kSmallest)};
    }

  private:
    static constexpr float kOne = 1024;  // from here to 2048 the last bit of a half is 1
    // The largest code, 384. A multiple of four, so that sums with it are exact; 127 is NaN.
    static constexpr float kMost = 124;
    static constexpr int kDimSums = 64;

    static __device__ __half2 halves(const unsigned& both) {
        return reinterpret_cast<const __half2&>(both);
    }
    // A whole octave that is not less: seldom a new one, and sums with it are exact.
    static __device__ __half2 next_octave(__half2 x) {
        return __hmul2(h2ceil(__hmul2(x, __float2half2_rn(0.125F))), __float2half2_rn(8));
    }

    __half2 largest_, before_;  // of row g, of row g + 8
    float total_[2];
};

}  // namespace longtake::diffusion::hopper
