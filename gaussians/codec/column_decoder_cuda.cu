#include "core/cuda.h"
#include "gaussians/codec/column_block.h"

// A warp for each block, a lane for each of its states: what decode_block_cpu does, step by step.
namespace longtake::gaussians {
namespace {

constexpr unsigned kAll = ~0U;
constexpr int kWarps = 4;  // of a block of threads

// A lane's state, and the words that all lanes share.
struct Lane {
    uint32_t state;
    const uint8_t* words;
    int64_t next, count;
    bool sound;

    __device__ Lane(const BlockJob& job, int lane)
        : words(reinterpret_cast<const uint8_t*>(job.bytes) + kStateBytes),
          next(0),
          count(job.words),
          sound(true) {
        state = reinterpret_cast<const uint32_t*>(job.bytes)[lane];
    }

    // By all lanes together; those that take no part are not `active`.
    __device__ void take(bool active, Interval symbol) {
        if (active) {
            state = rans_take(state, symbol);
        }
        const bool wants = active && state < kRansLowest;
        const unsigned wanting = __ballot_sync(kAll, wants);
        if (wants) {
            const int64_t mine = next + __popc(wanting & ((1U << (threadIdx.x % kLanes)) - 1));
            sound = sound && mine < count;
            const uint8_t* at = words + 2 * (mine < count ? mine : 0);
            state = state << 16 | (mine < count ? at[0] | at[1] << 8 : 0);
        }
        next += __popc(wanting);
    }
};

__device__ void add_differences(const BlockJob& job, int lane) {
    for (int64_t f = 0; f < job.features; ++f) {
        if (job.differences[f] == 0) {
            continue;
        }
        uint32_t carry = 0;
        for (int64_t group = 0; group < job.rows; group += kLanes) {
            const bool here = group + lane < job.rows;
            int32_t* at = job.values + (job.first_row + group + lane) * job.features + f;
            uint32_t sum = here ? static_cast<uint32_t>(*at) : 0;
            for (int step = 1; step < kLanes; step *= 2) {
                const uint32_t before = __shfl_up_sync(kAll, sum, step);
                sum += lane >= step ? before : 0;
            }
            sum += carry;
            if (here) {
                *at = static_cast<int32_t>(sum);
            }
            carry = __shfl_sync(kAll, sum, kLanes - 1);
        }
    }
}

__global__ void __launch_bounds__(kWarps* kLanes)
    decode_kernel(const BlockJob* jobs, int64_t count, int32_t* unsound) {
    const int lane = static_cast<int>(threadIdx.x % kLanes);
    const int64_t index = int64_t{blockIdx.x} * kWarps + threadIdx.x / kLanes;
    if (index >= count) {
        return;
    }
    const BlockJob job = jobs[index];
    Lane mine(job, lane);
    int set_before = 0;
    for (int64_t group = 0; group < job.rows; group += kLanes) {
        const int64_t row = job.first_row + group + lane;
        bool set = group + lane < job.rows;
        if (job.sparse) {
            const uint32_t chance =
                set ? job.flag_chances[job.context.at(row, flag_level(set_before))] : 1;
            const bool is_set = set && rans_slot(mine.state) < chance;
            mine.take(set, flag_interval(chance, is_set));
            if (set) {
                job.flags[row] = is_set ? 1 : 0;
            }
            set = is_set;
            set_before = __popc(__ballot_sync(kAll, set));
            if (set_before == 0) {
                continue;
            }
        }
        uint32_t nonzero = 0;
        for (int64_t f = 0; f < job.features; ++f) {
            const RansTable& table = job.tables[token_table(static_cast<uint32_t>(f), nonzero)];
            const uint32_t token = set ? table.symbols[rans_slot(mine.state)] : 0;
            mine.take(set, table.interval(token));
            nonzero += token != 0 ? 1 : 0;
            const uint32_t bits = token_bits(token);
            uint32_t extra = 0;
            for (uint32_t done = 0; __any_sync(kAll, bits > done); done += kRansBits) {
                const bool more = bits > done;
                const uint32_t now = more ? min(kRansBits, bits - done) : kRansBits;
                const uint32_t value = rans_slot(mine.state) >> (kRansBits - now);
                mine.take(more, {value << (kRansBits - now), 1U << (kRansBits - now)});
                extra |= more ? value << done : 0;
            }
            if (set) {
                job.values[row * job.features + f] = token_value(token, extra);
            }
        }
    }
    if (!mine.sound || mine.next != job.words || mine.state != kRansLowest) {
        *unsound = 1;
    }
    if (!job.sparse) {
        __syncwarp();
        add_differences(job, lane);
    }
}

}  // namespace

void decode_blocks_cuda(const BlockJob* jobs, int64_t count, int32_t* unsound, GpuStream stream) {
    const auto blocks = static_cast<unsigned>((count + kWarps - 1) / kWarps);
    decode_kernel<<<blocks, kWarps * kLanes, 0, stream>>>(jobs, count, unsound);
    cuda_check_launch("entropy decoding");
}

}  // namespace longtake::gaussians
