#include "gaussians/codec/frame_header.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/compression.h"
#include "core/crc32c.h"
#include "core/error.h"

#include <algorithm>
#include <limits>

namespace longtake::gaussians {
namespace {

constexpr std::string_view kMagic = "LTVF";
constexpr uint64_t kMostBytes = std::numeric_limits<int32_t>::max();
constexpr size_t kPlainParts = 2;  // the first ones, which are no columns: zstd is for them
constexpr uint32_t kHeadsApart = 1 << kStreamParts;  // beside a bit for each part that is packed

std::vector<std::byte> packed(std::span<const std::byte> part) {
    ByteWriter out;
    out.number(part.size(), 4);
    out.bytes(zstd(part));
    return out.take();
}

std::vector<std::byte> unpacked(std::span<const std::byte> part, uint64_t most,
                                std::string_view name) {
    ByteReader in(part);
    const uint64_t size = in.number(4);
    check_input(size <= most, "its {} would become {} bytes, more than the frame has", name, size);
    return unzstd(in.take(in.left()), size);
}

}  // namespace

std::vector<std::byte> FrameHeader::join(const FrameParts& all) {
    // What a reader takes memory for is backed by what it has read: a frame is filled up where it
    // has fewer bytes than any of its parts, or a key than Gaussians.
    uint64_t least = key ? count : 0;
    ByteWriter out;
    for (size_t i = 0; i < kStreamParts; ++i) {
        const std::vector<std::byte>& plain = all.bytes[i];
        const auto small = i < kPlainParts ? packed(plain) : std::vector<std::byte>();
        const bool less = !small.empty() && small.size() < plain.size();
        const std::vector<std::byte>& part = less ? small : plain;
        parts[i] = {
            .bytes = static_cast<uint32_t>(part.size()), .checksum = crc32c(part), .packed = less};
        least = std::max<uint64_t>(least, plain.size());
        out.bytes(part);
    }
    heads_apart = all.heads_apart;
    const uint64_t total = std::max(kBytes + out.written().size(), least);
    check(total <= kMostBytes, "a frame of {} bytes is too large for a stream", total);
    bytes = static_cast<uint32_t>(total);
    out.bytes(std::vector<std::byte>(total - kBytes - out.written().size()));
    return out.take();
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
    uint32_t layout = heads_apart ? kHeadsApart : 0;
    for (size_t i = 0; i < kStreamParts; ++i) {
        out.number(parts[i].bytes, 4);
        out.number(parts[i].checksum, 4);
        layout |= parts[i].packed ? 1U << i : 0;
    }
    out.number(layout, 4);
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
    const uint64_t layout = in.number(4);
    for (size_t i = 0; i < kPlainParts; ++i) {
        out.parts[i].packed = (layout >> i & 1) != 0;
    }
    out.heads_apart = (layout & kHeadsApart) != 0;
    check_input(type <= 1 && (layout & ~uint64_t{kHeadsApart}) >> kPlainParts == 0 &&
                    total <= out.bytes && out.bytes <= kMostBytes && out.changed <= out.count &&
                    out.count <= kMostBytes && (!out.key || out.count <= out.bytes),
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
    out.heads_apart = heads_apart;
    for (size_t i = 0; i < kStreamParts; ++i) {
        const auto part = payload.first(parts[i].bytes);
        check_input(crc32c(part) == parts[i].checksum, "its {} are damaged", kPartNames[i]);
        if (parts[i].packed) {
            out.bytes[i] = unpacked(part, bytes, kPartNames[i]);
        } else {
            out.bytes[i].assign(part.begin(), part.end());
        }
        payload = payload.subspan(part.size());
    }
    return out;
}

}  // namespace longtake::gaussians
