#include "core/cuda.h"
#include "gaussians/codec/column_block.h"

// A warp for each block, a lane for each of its states: what decode_block_cpu does, step by step.
namespace longtake::gaussians {
namespace {

constexpr unsigned kAll = ~0U;
constexpr int kWarps = 4;  // of a block of threads

// What takes long is to wait for memory: 64 words are always there before they are asked for, two
// of each lane, and of the rows after these what their flags' chances depend on.
class Words {
  public:
    __device__ Words(const BlockJob& job, int lane)
        : at_(reinterpret_cast<const uint16_t*>(reinterpret_cast<const uint8_t*>(job.bytes) +
                                                kStateBytes)),
          count_(job.words),
          lane_(lane),
          now_(word(lane)),
          later_(word(kLanes + lane)) {}

    // By all lanes together: the one behind `offset` others; 0 beyond the last.
    __device__ uint32_t peek(int offset) const {
        const int place = static_cast<int>(next_ - begin_) + offset;
        const uint32_t now = __shfl_sync(kAll, now_, place % kLanes),
                       later = __shfl_sync(kAll, later_, place % kLanes);
        return place < kLanes ? now : later;
    }
    __device__ bool has(int offset) const { return next_ + offset < count_; }
    __device__ void skip(int used) {
        next_ += used;
        if (next_ - begin_ >= kLanes) {
            begin_ += kLanes;
            now_ = later_;
            later_ = word(begin_ + kLanes + lane_);
        }
    }
    __device__ bool at_end() const { return next_ == count_; }

  private:
    __device__ uint32_t word(int64_t index) const { return index < count_ ? at_[index] : 0; }

    const uint16_t* at_;
    int64_t count_, next_ = 0, begin_ = 0;
    int lane_;
    uint32_t now_, later_;
};

// A lane's state, and the words that all lanes share.
struct Lane {
    uint32_t state;
    Words words;
    bool sound = true;

    __device__ Lane(const BlockJob& job, int lane)
        : state(reinterpret_cast<const uint32_t*>(job.bytes)[lane]), words(job, lane) {}

    // By all lanes together; those that take no part are not `active`.
    __device__ void take(bool active, Interval symbol) {
        if (active) {
            state = rans_take(state, symbol);
        }
        const bool wants = active && state < kRansLowest;
        const unsigned wanting = __ballot_sync(kAll, wants);
        if (wanting == 0) {
            return;
        }
        const int mine = __popc(wanting & ((1U << (threadIdx.x % kLanes)) - 1));
        const uint32_t word = words.peek(mine);
        if (wants) {
            sound = sound && words.has(mine);
            state = state << 16 | word;
        }
        words.skip(__popc(wanting));
    }
};

// Of a lane's rows, one after the other: the context of a flag but for its level.
class Contexts {
  public:
    __device__ Contexts(const BlockJob& job, int lane)
        : job_(job), row_(lane), source_(source(lane)) {
        next();
        now_ = later_;
        next();
    }
    __device__ uint32_t now() const { return now_; }
    __device__ void step() {
        now_ = later_;
        next();
    }

  private:
    __device__ int64_t source(int64_t row) const {
        return row < job_.rows ? source_of(job_.context.sources, job_.first_row + row) : 0;
    }
    // Of the row that is two steps ahead, whose source was read a step before.
    __device__ void next() {
        const FlagContext& context = job_.context;
        const bool here = row_ < job_.rows;
        const uint32_t was = here && context.before != nullptr ? context.before[source_] : 0;
        const uint32_t move =
            here && context.moves != nullptr ? context.moves[job_.first_row + row_] : 0;
        later_ = (2 * was + move) * kFlagLevels;
        row_ += kLanes;
        source_ = source(row_);
    }

    const BlockJob& job_;
    int64_t row_, source_;
    uint32_t now_ = 0, later_ = 0;
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
    Contexts contexts(job, lane);
    const uint32_t chances = job.sparse && lane < kFlagContexts ? job.flag_chances[lane] : 1;
    int set_before = 0;
    for (int64_t group = 0; group < job.rows; group += kLanes) {
        const int64_t row = job.first_row + group + lane;
        bool set = group + lane < job.rows;
        if (job.sparse) {
            const auto context = static_cast<int>(contexts.now() + flag_level(set_before));
            const uint32_t chance = __shfl_sync(kAll, chances, context);
            contexts.step();
            const bool is_set = set && rans_slot(mine.state) < chance;
            mine.take(set, flag_interval(chance, is_set));
            if (is_set) {  // zeros before
                job.flags[row] = 1;
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
    if (!mine.sound || !mine.words.at_end() || mine.state != kRansLowest) {
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
