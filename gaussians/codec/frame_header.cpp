#include "gaussians/codec/frame_header.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/crc32c.h"
#include "core/error.h"

#include <algorithm>
#include <limits>

namespace longtake::gaussians {
namespace {

constexpr std::string_view kMagic = "LTVF";
constexpr uint64_t kMostBytes = std::numeric_limits<int32_t>::max();

}  // namespace

void FrameHeader::measure(const FrameParts& all) {
    uint64_t total = kBytes;
    for (size_t i = 0; i < kStreamParts; ++i) {
        total += all[i].size();
        parts[i] = {.bytes = static_cast<uint32_t>(all[i].size()), .checksum = crc32c(all[i])};
    }
    // A key with more Gaussians than bytes is filled up, so that what a reader takes memory for is
    // backed by what it has read.
    total = key ? std::max<uint64_t>(total, count) : total;
    check(total <= kMostBytes, "a frame of {} bytes is too large for a stream", total);
    bytes = static_cast<uint32_t>(total);
}

std::vector<std::byte> FrameHeader::pack() const {
    ByteWriter out;
    out.bytes(std::as_bytes(std::span(kMagic)));
    out.number(bytes, 4);
    out.number(number, 4);
    out.number(key ? 0 : 1, 4);
    out.number(state_before, 8);
    out.number(state_after, 8);
    out.number(count, 4);
    out.number(changed, 4);
    for (const Part& part : parts) {
        out.number(part.bytes, 4);
        out.number(part.checksum, 4);
    }
    out.number(0, 4);
    out.number(crc32c(out.written()), 4);
    return out.take();
}

FrameHeader FrameHeader::unpack(std::span<const std::byte> packed) {
    check_input(packed.size() >= kBytes, "it ends within a frame");
    ByteReader checksum(packed.subspan(kBytes - 4, 4));
    check_input(starts(packed) && checksum.number(4) == crc32c(packed.first(kBytes - 4)),
                "there is no sound frame");
    ByteReader in(packed);
    in.take(kMagic.size());
    FrameHeader out;
    out.bytes = static_cast<uint32_t>(in.number(4));
    out.number = static_cast<uint32_t>(in.number(4));
    const uint64_t type = in.number(4);
    out.key = type == 0;
    out.state_before = in.number(8);
    out.state_after = in.number(8);
    out.count = static_cast<uint32_t>(in.number(4));
    out.changed = static_cast<uint32_t>(in.number(4));
    uint64_t total = kBytes;
    for (Part& part : out.parts) {
        part.bytes = static_cast<uint32_t>(in.number(4));
        part.checksum = static_cast<uint32_t>(in.number(4));
        total += part.bytes;
    }
    check_input(type <= 1 && total <= out.bytes && out.bytes <= kMostBytes &&
                    out.changed <= out.count && out.count <= kMostBytes &&
                    (!out.key || out.count <= out.bytes),
                "the frame's header contradicts itself");
    return out;
}

bool FrameHeader::starts(std::span<const std::byte> bytes) {
    return bytes.size() >= kMagic.size() &&
           std::ranges::equal(bytes.first(kMagic.size()), std::as_bytes(std::span(kMagic)));
}

FrameParts FrameHeader::split(std::span<const std::byte> payload) const {
    check_input(payload.size() >= bytes - kBytes, "it ends within a frame");
    FrameParts out;
    for (size_t i = 0; i < kStreamParts; ++i) {
        const auto part = payload.first(parts[i].bytes);
        check_input(crc32c(part) == parts[i].checksum, "its {} are damaged", kPartNames[i]);
        out[i].assign(part.begin(), part.end());
        payload = payload.subspan(part.size());
    }
    return out;
}

}  // namespace longtake::gaussians
