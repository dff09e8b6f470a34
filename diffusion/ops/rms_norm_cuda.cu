#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/row_chunks.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// The angles of a RopeTable, [positions, pairs] cos and sin.
struct Angles {
    const float2 *time, *rows, *columns;
    int time_pairs, row_pairs, column_pairs;
    int width, tokens_per_frame;
    bool with_time;

    __device__ float2 of(int token, int pair) const {
        const int frame = token / tokens_per_frame, within = token % tokens_per_frame;
        if (pair < time_pairs) {
            return with_time ? time[frame * time_pairs + pair] : make_float2(1.F, 0.F);
        }
        pair -= time_pairs;
        if (pair < row_pairs) {
            return rows[within / width * row_pairs + pair];
        }
        return columns[within % width * column_pairs + pair - row_pairs];
    }
};

// One row per block, kept in shared memory between the sum and the result.
template <typename In, typename Out, bool kRotate>
__global__ void rms_norm_kernel(const In* x, int64_t stride, const float* weight, int d,
                                int head_dim, float eps, Out* out, Angles angles) {
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
            const float2 turn = angles.of(token, p % (head_dim / 2));
            const float a = row[2 * p] * scale * weight[2 * p];
            const float b = row[2 * p + 1] * scale * weight[2 * p + 1];
            store(to + 2 * p, a * turn.x - b * turn.y);
            store(to + 2 * p + 1, b * turn.x + a * turn.y);
        }
    } else {
        for (int i = threadIdx.x; i < d; i += kThreads) {
            store(to + i, row[i] * scale * weight[i]);
        }
    }
}

// One row per warp. A thread's chunks are 256 elements apart, a multiple of head_dim, and so of one
// place in their heads: they turn by the same angles.
template <typename In, typename Out, bool kRotate>
__global__ void __launch_bounds__(kRowThreads)
    rms_norm_rows_kernel(const In* x, int64_t stride, const float* weight, int64_t rows, int d,
                         int head_dim, float eps, Out* out, Angles angles) {
    const int64_t r = int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.x / 32;
    if (r >= rows) {
        return;
    }
    WarpRow row(d);
    row.load(x + r * stride);
    const float squares = row.sum([](float v) { return v * v; });
    const float scale = rsqrtf(squares / static_cast<float>(d) + eps);
    float2 turns[kChunk / 2];
#pragma unroll
    for (int i = 0; i < kChunk / 2; ++i) {
        const int pair = static_cast<int>(threadIdx.x) % 32 * kChunk % head_dim / 2 + i;
        turns[i] = kRotate ? angles.of(static_cast<int>(r), pair) : make_float2(1.F, 0.F);
    }
    row.each([&](int at, float(&v)[kChunk]) {
        float w[kChunk];
        load_chunk(weight + at, w);
#pragma unroll
        for (int i = 0; i < kChunk; i += 2) {
            const float a = v[i] * scale * w[i], b = v[i + 1] * scale * w[i + 1];
            const float2 turn = turns[i / 2];
            v[i] = a * turn.x - b * turn.y;
            v[i + 1] = b * turn.x + a * turn.y;
        }
        store_chunk(out + r * d + at, v);
    });
}

Angles angles_of(const RopeTable* table, bool with_time) {
    if (table == nullptr) {
        return {};
    }
    const auto at = [](const Tensor& t) { return reinterpret_cast<const float2*>(t.raw()); };
    const RopeTable::OnDevice& tables = table->on_device();
    return {at(tables.time),
            at(tables.rows),
            at(tables.columns),
            static_cast<int>(table->axes().time),
            static_cast<int>(table->axes().height),
            static_cast<int>(table->axes().width),
            static_cast<int>(table->width()),
            static_cast<int>(table->tokens_per_frame()),
            with_time};
}

}  // namespace

void rms_norm_cuda(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                   Rotation rotation, const RopeTable* table, GpuStream stream) {
    const int64_t rows = x.extent(0), head_dim = out.extent(2), d = out.extent(1) * head_dim;
    if (rows == 0) {
        return;
    }
    const Angles angles = angles_of(table, rotation == Rotation::SpaceAndTime);
    with_type(x.dtype(), [&](auto in) {
        with_type(out.dtype(), [&](auto result) {
            using In = decltype(in);
            using Out = decltype(result);
            const auto* from = static_cast<const In*>(x.raw()) + column;
            auto* to = static_cast<Out*>(out.raw());
            if (32 * kChunk % head_dim == 0 &&
                fits_chunks(d, x.extent(1), {from, weight.raw(), to})) {
                const auto rows_kernel = table == nullptr ? rms_norm_rows_kernel<In, Out, false>
                                                          : rms_norm_rows_kernel<In, Out, true>;
                rows_kernel<<<blocks_for(rows, kRowsPerBlock), kRowThreads, 0, stream>>>(
                    from, x.extent(1), weight.data<float>(), rows, static_cast<int>(d),
                    static_cast<int>(head_dim), static_cast<float>(eps), to, angles);
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

}  // namespace longtake::diffusion
