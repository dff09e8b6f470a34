#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/codec/column_coding.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/rows.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

// The states of a block's lanes, and the words that feed them.
class Lanes {
  public:
    Lanes(const std::byte* bytes, int64_t words)
        : next_(reinterpret_cast<const uint8_t*>(bytes) + kStateBytes), end_(next_ + 2 * words) {
        const auto* at = reinterpret_cast<const uint8_t*>(bytes);
        for (uint32_t& state : states_) {
            state = at[0] | at[1] << 8 | at[2] << 16 | static_cast<uint32_t>(at[3]) << 24;
            at += 4;
        }
    }

    uint32_t slot(int lane) const { return rans_slot(states_[static_cast<size_t>(lane)]); }
    void take(int lane, Interval symbol) {
        uint32_t& state = states_[static_cast<size_t>(lane)];
        state = rans_take(state, symbol);
        if (state < kRansLowest) {
            if (next_ == end_) {
                sound_ = false;
                return;
            }
            state = state << 16 | next_[0] | static_cast<uint32_t>(next_[1]) << 8;
            next_ += 2;
        }
    }
    // Whether all came out that was put in, and nothing else.
    bool sound() const {
        return sound_ && next_ == end_ &&
               std::ranges::all_of(states_, [](uint32_t s) { return s == kRansLowest; });
    }

  private:
    std::array<uint32_t, kLanes> states_;
    const uint8_t *next_, *end_;
    bool sound_ = true;
};

void add_differences(const BlockJob& job) {
    for (int64_t f = 0; f < job.features; ++f) {
        if (job.differences[f] != 0) {
            int32_t* at = job.values + job.first_row * job.features + f;
            for (int64_t row = 1; row < job.rows; ++row) {
                at[job.features] = static_cast<int32_t>(static_cast<uint32_t>(at[job.features]) +
                                                        static_cast<uint32_t>(*at));
                at += job.features;
            }
        }
    }
}

}  // namespace

bool decode_block_cpu(const BlockJob& job) {
    Lanes lanes(job.bytes, job.words);
    int set_before = 0;
    std::array<int, kLanes> active{};
    std::array<uint32_t, kLanes> nonzero{}, tokens{}, extra{};
    for (int64_t group = 0; group < job.rows; group += kLanes) {
        const int count = static_cast<int>(std::min<int64_t>(kLanes, job.rows - group));
        const int64_t first = job.first_row + group;
        int set = 0;
        const uint32_t level = flag_level(set_before);
        for (int lane = 0; lane < count; ++lane) {
            if (job.sparse) {
                const uint32_t chance = job.flag_chances[job.context.at(first + lane, level)];
                const bool is_set = lanes.slot(lane) < chance;
                lanes.take(lane, flag_interval(chance, is_set));
                job.flags[first + lane] = is_set ? 1 : 0;
                if (!is_set) {
                    continue;
                }
            }
            active[static_cast<size_t>(set++)] = lane;
        }
        set_before = set;
        nonzero.fill(0);
        for (int64_t f = 0; f < job.features; ++f) {
            uint32_t most_bits = 0;
            for (int i = 0; i < set; ++i) {
                const int lane = active[static_cast<size_t>(i)];
                const auto at = static_cast<size_t>(lane);
                const RansTable& table =
                    job.tables[token_table(static_cast<uint32_t>(f), nonzero[at])];
                const uint32_t token = table.symbols[lanes.slot(lane)];
                lanes.take(lane, table.interval(token));
                nonzero[at] += token != 0 ? 1 : 0;
                tokens[at] = token;
                extra[at] = 0;
                most_bits = std::max(most_bits, token_bits(token));
            }
            for (uint32_t done = 0; done < most_bits; done += kRansBits) {
                for (int i = 0; i < set; ++i) {
                    const int lane = active[static_cast<size_t>(i)];
                    const auto at = static_cast<size_t>(lane);
                    if (const uint32_t all = token_bits(tokens[at]); all > done) {
                        const uint32_t bits = std::min(kRansBits, all - done);
                        const uint32_t value = lanes.slot(lane) >> (kRansBits - bits);
                        lanes.take(lane, {value << (kRansBits - bits), 1U << (kRansBits - bits)});
                        extra[at] |= value << done;
                    }
                }
            }
            for (int i = 0; i < set; ++i) {
                const int lane = active[static_cast<size_t>(i)];
                const auto at = static_cast<size_t>(lane);
                job.values[(first + lane) * job.features + f] = token_value(tokens[at], extra[at]);
            }
        }
    }
    if (!job.sparse) {
        add_differences(job);
    }
    return lanes.sound();
}

namespace {

// Copies of what blocks refer to, one behind the other, then as one piece on a device.
class Staging {
  public:
    template <typename T> size_t add(std::span<const T> values) {
        const size_t place = (bytes_.size() + kAlignment - 1) / kAlignment * kAlignment;
        bytes_.resize(place + values.size_bytes());
        std::ranges::copy(std::as_bytes(values),
                          bytes_.begin() + static_cast<std::ptrdiff_t>(place));
        return place;
    }
    Tensor to(Device device, Arena& arena, GpuStream stream) {
        const Shape shape{std::ssize(bytes_)};
        if (device == Device::Cpu) {
            return Tensor::view(bytes_.data(), shape, DType::U8);
        }
        Tensor there = arena.allocate(shape, DType::U8);
        copy_bytes(there.raw(), device, bytes_.data(), Device::Cpu, bytes_.size(), stream);
        return there;
    }

  private:
    static constexpr size_t kAlignment = 16;
    std::vector<std::byte> bytes_;
};

// Where a job's things are in the staging.
struct Places {
    size_t tables, chances, differences;
    std::vector<size_t> blocks;
};

Places stage(const ColumnCode& code, Staging& staging) {
    Places out{.tables = 0, .chances = 0, .differences = 0, .blocks = {}};
    std::vector<RansTable> tables;
    for (const Frequencies& frequencies : code.tokens) {
        tables.push_back(table_of(frequencies));
    }
    const std::vector<uint8_t> differences(code.differences.begin(), code.differences.end());
    out.tables = staging.add(std::span<const RansTable>(tables));
    out.chances = staging.add(std::span<const uint32_t>(code.flags));
    out.differences = staging.add(std::span(differences));
    for (const auto& block : code.blocks) {
        out.blocks.push_back(staging.add(block));
    }
    return out;
}

void add_blocks(const ColumnJob& job, const Places& places, const std::byte* base,
                std::vector<BlockJob>& out) {
    const ColumnCode& code = *job.code;
    const int64_t rows = job.values->extent(0);
    for (size_t i = 0; i < places.blocks.size(); ++i) {
        const auto bytes = static_cast<int64_t>(code.blocks[i].size());
        const int64_t first = static_cast<int64_t>(i) << code.block_bits;
        if (bytes > 0) {
            out.push_back(
                {.bytes = base + places.blocks[i],
                 .words = (bytes - kStateBytes) / 2,
                 .first_row = first,
                 .rows = std::min(code.block_rows(), rows - first),
                 .features = job.values->extent(1),
                 .sparse = code.form == ColumnForm::Sparse,
                 .tables = reinterpret_cast<const RansTable*>(base + places.tables),
                 .flag_chances = reinterpret_cast<const uint32_t*>(base + places.chances),
                 .differences = reinterpret_cast<const uint8_t*>(base + places.differences),
                 .context = job.context,
                 .values = job.values->data<int32_t>(),
                 .flags = job.flags});
        }
    }
}

bool decode_blocks(Device device, const std::vector<BlockJob>& blocks, Arena& arena,
                   GpuStream stream) {
    if (device == Device::Cuda) {
        Staging staging;
        staging.add(std::span<const BlockJob>(blocks));
        const Tensor there = staging.to(device, arena, stream);
        Tensor unsound = arena.allocate({1}, DType::I32);
        clear_bytes(unsound.raw(), device, unsound.bytes(), stream);
        decode_blocks_cuda(static_cast<const BlockJob*>(there.raw()), std::ssize(blocks),
                           unsound.data<int32_t>(), stream);
        int32_t result = 0;
        copy_bytes(&result, Device::Cpu, unsound.raw(), device, sizeof result, stream);
        synchronize(device, stream);
        return result == 0;
    }
    std::atomic<bool> sound = true;
    parallel_for(std::ssize(blocks), [&](int64_t i) {
        if (!decode_block_cpu(blocks[static_cast<size_t>(i)])) {
            sound = false;
        }
    });
    return sound;
}

}  // namespace

void decode_columns(std::span<const ColumnJob> jobs, Arena& arena, GpuStream stream) {
    const Device device = jobs.front().values->device();
    Staging staging;
    std::vector<std::pair<const ColumnJob*, Places>> places;
    for (const ColumnJob& job : jobs) {
        clear_bytes(job.values->raw(), device, job.values->bytes(), stream);
        if (job.flags != nullptr) {
            clear_bytes(job.flags, device, static_cast<size_t>(job.values->extent(0)), stream);
        }
        if (job.code && job.values->count() > 0) {
            places.emplace_back(&job, stage(*job.code, staging));
        }
    }
    if (places.empty()) {
        return;
    }
    const Tensor there = staging.to(device, arena, stream);
    const auto* base = reinterpret_cast<const std::byte*>(there.data<uint8_t>());
    std::vector<BlockJob> blocks;
    for (const auto& [job, at] : places) {
        add_blocks(*job, at, base, blocks);
    }
    check_input(decode_blocks(device, blocks, arena, stream), "it does not decode");
    for (const auto& [job, at] : places) {
        if (job->multiple != 1) {
            const MultiplyRows rows{.values = job->values->data<int32_t>(),
                                    .by = static_cast<uint32_t>(job->multiple)};
            run_on(device, rows, job->values->count(), stream);
        }
    }
}

}  // namespace longtake::gaussians
