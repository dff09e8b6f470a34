#include "gaussians/codec/frame_index.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/crc32c.h"

#include <algorithm>
#include <string_view>

namespace longtake::gaussians {
namespace {

constexpr std::string_view kMagic = "LTVX", kEndMagic = "LTVSTEND";
constexpr uint32_t kKey = uint32_t{1} << 31;

}  // namespace

std::optional<size_t> FrameIndex::key_before(size_t frame) const {
    for (size_t i = std::min(frame + 1, size()); i-- > 0;) {
        if (entries_[i].key) {
            return i;
        }
    }
    return std::nullopt;
}

std::optional<size_t> FrameIndex::key_after(size_t frame) const {
    const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(std::min(frame, size()));
    const auto found = std::find_if(from, entries_.end(), [](const Entry& e) { return e.key; });
    return found == entries_.end() ? std::nullopt : std::optional<size_t>(found - entries_.begin());
}

bool FrameIndex::starts(std::span<const std::byte> bytes) {
    return bytes.size() >= kMagic.size() &&
           std::ranges::equal(bytes.first(kMagic.size()), std::as_bytes(std::span(kMagic)));
}

std::vector<std::byte> FrameIndex::pack() const {
    ByteWriter out;
    out.bytes(std::as_bytes(std::span(kMagic)));
    for (const Entry& entry : entries_) {
        out.number(entry.bytes | (entry.key ? kKey : 0), 4);
    }
    const uint32_t checksum = crc32c(out.written());
    ByteWriter footer;
    footer.number(end_, 8);
    footer.number(entries_.size(), 4);
    footer.number(checksum, 4);
    footer.number(0, 4);
    footer.number(crc32c(footer.written()), 4);
    footer.bytes(std::as_bytes(std::span(kEndMagic)));
    out.bytes(footer.written());
    return out.take();
}

std::optional<uint64_t> FrameIndex::packed_bytes(std::span<const std::byte> tail) {
    if (tail.size() < kFooterBytes) {
        return std::nullopt;
    }
    const auto footer = tail.last(kFooterBytes);
    ByteReader in(footer);
    in.take(8);
    const uint64_t frames = in.number(4);
    in.take(8);
    const bool sound = in.number(4) == crc32c(footer.first(20)) && in.text(8) == kEndMagic;
    return sound ? std::optional(kMagic.size() + 4 * frames + kFooterBytes) : std::nullopt;
}

std::optional<FrameIndex> FrameIndex::unpack(std::span<const std::byte> packed, uint64_t begin,
                                             uint64_t end) {
    const auto entries = packed.first(packed.size() - kFooterBytes);
    ByteReader footer(packed.last(kFooterBytes));
    const uint64_t place = footer.number(8);
    footer.take(4);
    if (place != end || footer.number(4) != crc32c(entries)) {
        return std::nullopt;
    }
    FrameIndex out(begin);
    ByteReader in(entries);
    in.take(kMagic.size());
    while (in.left() > 0) {
        const auto entry = static_cast<uint32_t>(in.number(4));
        out.add(entry & ~kKey, (entry & kKey) != 0);
    }
    return out.end() == end ? std::optional(out) : std::nullopt;
}

}  // namespace longtake::gaussians
