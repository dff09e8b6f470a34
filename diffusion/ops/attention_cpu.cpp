#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/attention_kernel.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr int64_t kPackRows = 64;   // of one parallel piece of packing
constexpr int64_t kPackSlack = 16;  // rows of floats; a kernel may fill up to 32 rows of bf16
constexpr int64_t kMaxKernelDim = 128;

// Rounded so that every part of the scratch starts on a cache line.
int64_t aligned(int64_t floats) {
    return (floats + 15) / 16 * 16;
}

// Keys or values of all heads as the kernel wants them: its own arrangement in `room`, or, where
// it has none, where they lie.
struct Operand {
    const std::byte* data;
    size_t head_bytes;

    Operand(const void* from, AttentionKernel::Pack pack, const AttentionProblem& p, float* room)
        : data(static_cast<const std::byte*>(from)),
          head_bytes(static_cast<size_t>(p.stride * p.head_dim) * size_of(p.dtype)) {
        if (pack == nullptr) {
            return;
        }
        const int64_t pieces = (p.slots + kPackRows - 1) / kPackRows;
        const int64_t head_floats = packed_floats(p);
        parallel_for(p.listed() * pieces, [=, this](int64_t item) {
            const int64_t head = p.list[static_cast<int>(item / pieces)],
                          begin = item % pieces * kPackRows;
            pack(data + static_cast<size_t>(head) * head_bytes, begin,
                 std::min(begin + kPackRows, p.slots), p.head_dim, room + head * head_floats);
        });
        data = reinterpret_cast<const std::byte*>(room);
        head_bytes = static_cast<size_t>(head_floats) * sizeof(float);
    }

    static int64_t packed_floats(const AttentionProblem& p) {
        return aligned((p.slots + kPackSlack) * p.head_dim);
    }
    const void* head(int64_t h) const { return data + static_cast<size_t>(h) * head_bytes; }
};

// How many rows a call gets. Large tiles are the fastest, small ones keep all threads busy to the
// end. A row's result does not depend on the choice.
int64_t rows_per_tile(const AttentionKernel& kernel, const AttentionProblem& p) {
    const auto longest_share = [&](int64_t rows) {
        const int64_t tiles = p.listed() * ((p.rows + rows - 1) / rows), threads = thread_count();
        return static_cast<double>((tiles + threads - 1) / threads * rows);
    };
    int64_t best = kernel.tile_rows;
    for (int64_t rows = best - kernel.lane_rows; rows > 0; rows -= kernel.lane_rows) {
        if (longest_share(rows) < 0.9 * longest_share(best)) {
            best = rows;
        }
    }
    return best;
}

}  // namespace

void attention_cpu_with(const AttentionKernel& kernel, const AttentionProblem& p,
                        Workspace& workspace) {
    const int64_t tile_floats = aligned(kernel.scratch_floats(p.head_dim));
    const int64_t bias_floats = p.key_bias == nullptr ? 0 : aligned(p.slots);
    const int64_t packed = p.heads * Operand::packed_floats(p);
    const int64_t key_floats = kernel.pack_keys == nullptr ? 0 : packed;
    const int64_t value_floats = kernel.pack_values == nullptr ? 0 : packed;
    auto* bias = static_cast<float*>(workspace.scratch(
        sizeof(float) * static_cast<size_t>(bias_floats + key_floats + value_floats +
                                            thread_count() * tile_floats)));
    const float log2e = 1.4426950408889634F;
    for (int64_t s = 0; s < bias_floats && s < p.slots; ++s) {
        bias[s] = p.key_bias[s] * log2e;
    }
    const Operand keys(p.keys, kernel.pack_keys, p, bias + bias_floats);
    const Operand values(p.values, kernel.pack_values, p, bias + bias_floats + key_floats);
    float* scratch = bias + bias_floats + key_floats + value_floats;

    const int64_t tile_rows = rows_per_tile(kernel, p);
    const int64_t tiles = (p.rows + tile_rows - 1) / tile_rows;
    parallel_for(p.listed() * tiles, [&](int64_t item) {
        const int64_t head = p.list[static_cast<int>(item / tiles)], row = item % tiles * tile_rows;
        const size_t at =
            static_cast<size_t>((row * p.heads + head) * p.head_dim) * size_of(p.dtype);
        kernel.run({.q = static_cast<const std::byte*>(p.q) + at,
                    .out = static_cast<std::byte*>(p.out) + at,
                    .stride = p.heads * p.head_dim,
                    .rows = std::min(tile_rows, p.rows - row),
                    .keys = keys.head(head),
                    .values = values.head(head),
                    .slots = p.slots,
                    .head_dim = p.head_dim,
                    .key_bias = p.key_bias == nullptr ? nullptr : bias,
                    .scale = log2e / std::sqrt(static_cast<float>(p.head_dim)),
                    .scratch = scratch + omp_get_thread_num() * tile_floats});
    });
}

void attention_cpu(const AttentionProblem& problem, Workspace& workspace) {
    for (const AttentionKernel* kernel : attention_kernels(problem.dtype)) {
        if (problem.head_dim % kernel->dim_multiple == 0 && problem.head_dim <= kMaxKernelDim) {
            return attention_cpu_with(*kernel, problem, workspace);
        }
    }
    attention_cpu_portable(problem, workspace);
}

}  // namespace longtake::diffusion
