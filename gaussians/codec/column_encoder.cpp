#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/codec/column_coding.h"
#include "gaussians/codec/parallel_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longtake::gaussians {
namespace {

// Values, flags and what their likelihood depends on, as a decoder goes through them.
struct Rows {
    const int32_t* values;  // of the column
    const uint8_t* flags;   // of the column; null: all rows count
    FlagContext context;
    int64_t first, count, features;

    // Calls sink.flag(lane, context, set), sink.token(lane, table, token) and
    // sink.bits(lane, value, bits) in the order of decoding.
    template <typename Sink> void visit(Sink&& sink) const {
        int set_before = 0;
        for (int64_t group = 0; group < count; group += kLanes) {
            const int lanes = static_cast<int>(std::min<int64_t>(kLanes, count - group));
            std::array<uint32_t, kLanes> nonzero{};
            std::array<Token, kLanes> tokens{};
            const auto is_set = [&](int lane) {
                return flags == nullptr || flags[first + group + lane] != 0;
            };
            if (flags != nullptr) {
                const uint32_t level = flag_level(set_before);
                set_before = 0;
                for (int lane = 0; lane < lanes; ++lane) {
                    sink.flag(lane, context.at(first + group + lane, level), is_set(lane));
                    set_before += is_set(lane) ? 1 : 0;
                }
            }
            for (int64_t f = 0; f < features; ++f) {
                uint32_t most_bits = 0;
                for (int lane = 0; lane < lanes; ++lane) {
                    Token& token = tokens[static_cast<size_t>(lane)];
                    uint32_t& before = nonzero[static_cast<size_t>(lane)];
                    token = {};
                    if (is_set(lane)) {
                        token = token_of(values[(first + group + lane) * features + f]);
                        sink.token(lane, token_table(static_cast<uint32_t>(f), before),
                                   token.token);
                        before += token.token != 0 ? 1 : 0;
                        most_bits = std::max(most_bits, token.bits);
                    }
                }
                for (uint32_t done = 0; done < most_bits; done += kRansBits) {
                    for (int lane = 0; lane < lanes; ++lane) {
                        const Token& token = tokens[static_cast<size_t>(lane)];
                        if (token.bits > done) {
                            const uint32_t bits = std::min(kRansBits, token.bits - done);
                            sink.bits(lane, token.extra >> done & ((1U << bits) - 1), bits);
                        }
                    }
                }
            }
        }
    }
};

struct Counts {
    std::vector<Frequencies> tokens;
    std::array<std::array<uint64_t, 2>, kFlagContexts> flags{};

    explicit Counts(int64_t features)
        : tokens(static_cast<size_t>(features) * kTokenContexts, Frequencies{}) {}
    void flag(int, uint32_t context, bool set) { ++flags[context][set ? 1 : 0]; }
    void token(int, uint32_t table, uint32_t token) { ++tokens[table][token]; }
    void bits(int, uint32_t, uint32_t) {}
    void add(const Counts& other) {
        for (size_t t = 0; t < tokens.size(); ++t) {
            for (size_t i = 0; i < kTokens; ++i) {
                tokens[t][i] += other.tokens[t][i];
            }
        }
        for (size_t c = 0; c < kFlagContexts; ++c) {
            flags[c][0] += other.flags[c][0];
            flags[c][1] += other.flags[c][1];
        }
    }
};

// Puts symbols in backwards, so that they come out forwards.
class BlockWriter {
  public:
    BlockWriter(const ColumnCode& code, const std::vector<std::vector<uint32_t>>& begins)
        : code_(&code), begins_(&begins) {}

    void flag(int lane, uint32_t context, bool set) {
        put(lane, flag_interval(code_->flags[context], set));
    }
    void token(int lane, uint32_t table, uint32_t token) {
        put(lane, {(*begins_)[table][token], code_->tokens[table][token]});
    }
    void bits(int lane, uint32_t value, uint32_t bits) {
        put(lane, {value << (kRansBits - bits), 1U << (kRansBits - bits)});
    }

    std::vector<std::byte> block() const {
        std::array<uint32_t, kLanes> states;
        states.fill(kRansLowest);
        std::vector<uint32_t> words;
        for (auto it = symbols_.rbegin(); it != symbols_.rend(); ++it) {
            uint32_t& state = states[it->lane];
            const uint32_t begin = it->begin, size = it->size;
            if (state >= uint64_t{size} << (32 - kRansBits)) {
                words.push_back(state & 0xffff);
                state >>= 16;
            }
            state = ((state / size) << kRansBits) + state % size + begin;
        }
        std::vector<std::byte> out;
        out.reserve(kStateBytes + 2 * words.size());
        const auto put = [&](uint32_t value, int bytes) {
            for (int i = 0; i < bytes; ++i) {
                out.push_back(static_cast<std::byte>(value >> (8 * i)));
            }
        };
        for (const uint32_t state : states) {
            put(state, 4);
        }
        for (auto it = words.rbegin(); it != words.rend(); ++it) {
            put(*it, 2);
        }
        return out;
    }

  private:
    struct Symbol {
        uint8_t lane;
        uint16_t begin, size;
    };
    void put(int lane, Interval interval) {
        symbols_.push_back({.lane = static_cast<uint8_t>(lane),
                            .begin = static_cast<uint16_t>(interval.begin),
                            .size = static_cast<uint16_t>(interval.size)});
    }

    const ColumnCode* code_;
    const std::vector<std::vector<uint32_t>>* begins_;
    std::vector<Symbol> symbols_;
};

// So many rows that the states of a block cost little beside its words; more would be more for one
// warp to do.
uint32_t block_bits_for(int64_t rows, double bytes) {
    constexpr double kEnough = 4096;
    constexpr uint32_t kLeast = 13, kMost = 15;
    uint32_t bits = kLeast;
    while (bits < kMost &&
           bytes * static_cast<double>(int64_t{1} << bits) < kEnough * static_cast<double>(rows)) {
        ++bits;
    }
    return bits;
}

// What symbols cost by the probabilities that they have, in bytes.
double cost_of(uint64_t count, double all) {
    return count > 0 ? static_cast<double>(count) * std::log2(all / static_cast<double>(count)) / 8
                     : 0;
}
double cost_of(const Frequencies& table) {
    const double all = std::accumulate(table.begin(), table.end(), 0.);
    double bytes = 0;
    for (uint32_t token = 0; token < kTokens; ++token) {
        bytes += cost_of(table[token], all) + table[token] * (token_bits(token) / 8.);
    }
    return bytes;
}
double cost_of(const Counts& counts) {
    double bytes = 0;
    for (const auto& [unset, set] : counts.flags) {
        const auto all = static_cast<double>(unset + set);
        bytes += cost_of(unset, all) + cost_of(set, all);
    }
    for (const Frequencies& table : counts.tokens) {
        bytes += cost_of(table);
    }
    return bytes;
}

Counts counts_of(const Rows& all) {
    constexpr int64_t kShare = 1 << 14;
    std::vector<Counts> shares(static_cast<size_t>((all.count + kShare - 1) / kShare),
                               Counts(all.features));
    parallel_for(std::ssize(shares), [&](int64_t i) {
        Rows rows = all;
        rows.first = i * kShare;
        rows.count = std::min(kShare, all.count - rows.first);
        rows.visit(shares[static_cast<size_t>(i)]);
    });
    Counts sum(all.features);
    for (const Counts& share : shares) {
        sum.add(share);
    }
    return sum;
}

CodedColumn encode(const Rows& all, const Counts& counts, ColumnCode code) {
    for (const Frequencies& table : counts.tokens) {
        code.tokens.push_back(normalized(table));
    }
    for (size_t c = 0; c < kFlagContexts; ++c) {
        code.flags[c] = probability_of(counts.flags[c][1], counts.flags[c][0] + counts.flags[c][1]);
    }
    std::vector<std::vector<uint32_t>> begins;
    for (const Frequencies& table : code.tokens) {
        begins.emplace_back(kTokens);
        std::exclusive_scan(table.begin(), table.end(), begins.back().begin(), 0U);
    }
    std::vector<std::vector<std::byte>> blocks(
        static_cast<size_t>(blocks_of(all.count, code.block_bits)));
    parallel_for(std::ssize(blocks), [&](int64_t i) {
        Rows rows = all;
        rows.first = i * code.block_rows();
        rows.count = std::min(code.block_rows(), all.count - rows.first);
        if (rows.flags != nullptr &&
            std::all_of(rows.flags + rows.first, rows.flags + rows.first + rows.count,
                        [](uint8_t flag) { return flag == 0; })) {
            return;
        }
        BlockWriter writer(code, begins);
        rows.visit(writer);
        blocks[static_cast<size_t>(i)] = writer.block();
    });
    code.blocks.assign(blocks.begin(), blocks.end());
    return code.pack();
}

bool is_zero(const Tensor& values) {
    return std::ranges::all_of(values.values<int32_t>(), [](int32_t v) { return v == 0; });
}

// Rows less the ones before, but for the first of a block.
Tensor differences_of(const Tensor& values, const std::vector<bool>& of) {
    Tensor out = values.clone();
    const int64_t features = values.extent(1);
    parallel_for_rows(values.extent(0), [&](int64_t row) {
        for (int64_t f = 0; f < features && row % (1 << kDenseBlockBits) > 0; ++f) {
            if (of[static_cast<size_t>(f)]) {
                const int32_t* at = values.data<int32_t>() + row * features + f;
                out.data<int32_t>()[row * features + f] = static_cast<int32_t>(
                    static_cast<uint32_t>(*at) - static_cast<uint32_t>(at[-features]));
            }
        }
    });
    return out;
}

Rows rows_of(const Tensor& values) {
    return {.values = values.data<int32_t>(),
            .flags = nullptr,
            .context = {},
            .first = 0,
            .count = values.extent(0),
            .features = values.extent(1)};
}

}  // namespace

CodedColumn encode_sparse(const Tensor& values, const FlagContext& context, uint8_t* flags) {
    const int64_t rows = values.extent(0), features = values.extent(1);
    parallel_for_rows(rows, [&](int64_t row) {
        const int32_t* at = values.data<int32_t>() + features * row;
        flags[row] = std::any_of(at, at + features, [](int32_t v) { return v != 0; }) ? 1 : 0;
    });
    if (is_zero(values)) {
        return {};
    }
    Rows all = rows_of(values);
    all.flags = flags;
    all.context = context;
    const Counts counts = counts_of(all);
    return encode(all, counts,
                  {.form = ColumnForm::Sparse,
                   .block_bits = block_bits_for(rows, cost_of(counts)),
                   .differences = {},
                   .tokens = {},
                   .blocks = {}});
}

CodedColumn encode_dense(const Tensor& values) {
    if (is_zero(values)) {
        return {};
    }
    ColumnCode code{.form = ColumnForm::Dense,
                    .block_bits = kDenseBlockBits,
                    .differences = std::vector<bool>(static_cast<size_t>(values.extent(1)), true),
                    .tokens = {},
                    .blocks = {}};
    const Tensor all_differences = differences_of(values, code.differences);
    const Counts plain = counts_of(rows_of(values)),
                 different = counts_of(rows_of(all_differences));
    for (size_t f = 0; f < code.differences.size(); ++f) {
        double gain = 0;
        for (size_t t = f * kTokenContexts; t < (f + 1) * kTokenContexts; ++t) {
            gain += cost_of(plain.tokens[t]) - cost_of(different.tokens[t]);
        }
        code.differences[f] = gain > 0;
    }
    const Tensor coded = differences_of(values, code.differences);
    return encode(rows_of(coded), counts_of(rows_of(coded)), code);
}

}  // namespace longtake::gaussians
