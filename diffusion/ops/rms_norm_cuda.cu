#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/rope_angle.cuh"
#include "diffusion/ops/rope_table.cuh"
#include "diffusion/ops/row_chunks.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// One row per block, kept in shared memory between the sum and the result.
template <typename In, typename Out, bool kRotate>
__global__ void rms_norm_kernel(const In* x, int64_t stride, const float* weight, int d,
                                int head_dim, float eps, Out* out, TableAngles angles) {
    extern __shared__ float row[];
    const auto token = static_cast<int>(blockIdx.x);
    const In* from = x + token * stride;
    Out* to = out + int64_t{token} * d;
    float squares = 0;
    for (int i = threadIdx.x; i < d; i += kThreads) {
        const float v = to_float(from[i]);
        row[i] = v;
        squares += v * v;
    }
    // Its barriers also make the row visible to all.
    const float scale = 1.F / sqrtf(block_sum(squares) / static_cast<float>(d) + eps);
    if constexpr (kRotate) {
        for (int p = threadIdx.x; p < d / 2; p += kThreads) {
            float a = row[2 * p] * scale * weight[2 * p];
            float b = row[2 * p + 1] * scale * weight[2 * p + 1];
            turn_pair(a, b, angles.of(token, p % (head_dim / 2)));
            store(to + 2 * p, a);
            store(to + 2 * p + 1, b);
        }
    } else {
        for (int i = threadIdx.x; i < d; i += kThreads) {
            store(to + i, row[i] * scale * weight[i]);
        }
    }
}

// One of the things that are made of a row.
template <typename In, typename Out> struct Part {
    const In* x;
    const float* weight;  // null: x is copied
    Out* out;
    Rotation rotation;
};
template <typename In, typename Out> struct Parts {
    Part<In, Out> at[3];
};

// One row of a part per warp. A thread's chunks are 256 elements apart, a multiple of head_dim, and
// so of one place in their heads: they turn by the same angles.
template <int kChunks, typename In, typename Out>
__global__ void __launch_bounds__(kRowThreads)
    rms_norm_rows_kernel(const __grid_constant__ Parts<In, Out> parts, int64_t stride, int64_t rows,
                         int d, int head_dim, float eps, TableAngles angles) {
    const Part<In, Out>& part = parts.at[blockIdx.y];
    const int64_t r = int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.x / 32;
    if (r >= rows) {
        return;
    }
    WarpRow<kChunks> row(d);
    row.load(part.x + r * stride);
    if (part.weight == nullptr) {
        row.each([&](int at, float(&v)[kChunk]) { store_chunk(part.out + r * d + at, v); });
        return;
    }
    float2 turns[kChunk / 2];
    angles.with_time = part.rotation == Rotation::SpaceAndTime;
#pragma unroll
    for (int i = 0; i < kChunk / 2; ++i) {
        const int pair = static_cast<int>(threadIdx.x) % 32 * kChunk % head_dim / 2 + i;
        turns[i] = part.rotation == Rotation::None ? make_float2(1.F, 0.F)
                                                   : angles.of(static_cast<int>(r), pair);
    }
    const float squares = row.sum([](float v) { return v * v; });
    const float scale = rsqrtf(squares / static_cast<float>(d) + eps);
    row.each([&](int at, float(&v)[kChunk]) {
        float w[kChunk];
        load_chunk(part.weight + at, w);
#pragma unroll
        for (int i = 0; i < kChunk; i += 2) {
            v[i] = v[i] * scale * w[i];
            v[i + 1] = v[i + 1] * scale * w[i + 1];
            turn_pair(v[i], v[i + 1], turns[i / 2]);
        }
        store_chunk(part.out + r * d + at, v);
    });
}

template <typename In, typename Out>
void launch_rows(const Parts<In, Out>& parts, unsigned count, int64_t stride, int64_t rows,
                 int64_t d, int64_t head_dim, double eps, const TableAngles& angles,
                 GpuStream stream) {
    const dim3 grid(blocks_for(rows, kRowsPerBlock), count);
    with_chunks(d, [&](auto chunks) {
        rms_norm_rows_kernel<chunks.value><<<grid, kRowThreads, 0, stream>>>(
            parts, stride, rows, static_cast<int>(d), static_cast<int>(head_dim),
            static_cast<float>(eps), angles);
    });
}

}  // namespace

void rms_norm_cuda(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                   Rotation rotation, const RopeTable* table, GpuStream stream) {
    const int64_t rows = x.extent(0), head_dim = out.extent(2), d = out.extent(1) * head_dim;
    if (rows == 0) {
        return;
    }
    const TableAngles angles = angles_of(table, rotation == Rotation::SpaceAndTime);
    with_type(x.dtype(), [&](auto in) {
        with_type(out.dtype(), [&](auto result) {
            using In = decltype(in);
            using Out = decltype(result);
            const auto* from = static_cast<const In*>(x.raw()) + column;
            auto* to = static_cast<Out*>(out.raw());
            if (32 * kChunk % head_dim == 0 &&
                fits_chunks(d, x.extent(1), {from, weight.raw(), to})) {
                launch_rows(Parts<In, Out>{{{from, weight.data<float>(), to, rotation}}}, 1,
                            x.extent(1), rows, d, head_dim, eps, angles, stream);
                return;
            }
            const auto kernel =
                table == nullptr ? rms_norm_kernel<In, Out, false> : rms_norm_kernel<In, Out, true>;
            kernel<<<static_cast<unsigned>(rows), kThreads, static_cast<size_t>(d) * sizeof(float),
                     stream>>>(from, x.extent(1), weight.data<float>(), static_cast<int>(d),
                               static_cast<int>(head_dim), static_cast<float>(eps), to, angles);
        });
    });
    cuda_check_launch("rms_norm");
}

bool split_qkv_cuda(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
                    const RopeTable& table, Tensor& q, Tensor& k, Tensor& v, GpuStream stream) {
    const int64_t rows = qkv.extent(0), head_dim = q.extent(2), d = q.extent(1) * head_dim;
    if (32 * kChunk % head_dim != 0 ||
        !fits_chunks(d, qkv.extent(1),
                     {qkv.raw(), q_weight.raw(), k_weight.raw(), q.raw(), k.raw(), v.raw()})) {
        return false;
    }
    with_type(qkv.dtype(), [&](auto in) {
        with_type(q.dtype(), [&](auto result) {
            using In = decltype(in);
            using Out = decltype(result);
            const auto* from = static_cast<const In*>(qkv.raw());
            const auto to = [](Tensor& t) { return static_cast<Out*>(t.raw()); };
            const Parts<In, Out> parts{
                {{from, q_weight.data<float>(), to(q), Rotation::SpaceAndTime},
                 {from + d, k_weight.data<float>(), to(k), Rotation::Space},
                 {from + 2 * d, nullptr, to(v), Rotation::None}}};
            launch_rows(parts, 3, qkv.extent(1), rows, d, head_dim, eps, angles_of(&table, true),
                        stream);
        });
    });
    cuda_check_launch("split_qkv");
    return true;
}

}  // namespace longtake::diffusion
