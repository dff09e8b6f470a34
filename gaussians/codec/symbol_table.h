#pragma once

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "gaussians/codec/rans.h"

#include <array>
#include <cstdint>

namespace longtake::gaussians {

// How often each token comes; counts, or of kRansScale together.
using Frequencies = std::array<uint32_t, kTokens>;

// To a sum of kRansScale; what comes at all keeps 1 at least. All 0 when nothing comes.
Frequencies normalized(const Frequencies& counts);
// The share of kRansScale that `set` of `all` have, neither 0 nor 1.
uint32_t probability_of(uint64_t set, uint64_t all);

void put_frequencies(const Frequencies& frequencies, ByteWriter& out);
// Throws InputError when they do not add up.
Frequencies take_frequencies(ByteReader& in);

Interval interval_of(const Frequencies& frequencies, uint32_t token);
// Where nothing comes, every slot is token 0.
RansTable table_of(const Frequencies& frequencies);

Token token_of(int32_t value);

}  // namespace longtake::gaussians
