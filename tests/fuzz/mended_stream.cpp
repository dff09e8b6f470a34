#include "tests/fuzz/mended_stream.h"

#include "core/crc32c.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/codec/stream_info.h"

namespace longtake::fuzz {
namespace {

using gaussians::FrameHeader;
using gaussians::StreamInfo;

class Mender {
  public:
    explicit Mender(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}

    std::vector<std::byte> mended() {
        const size_t description = number(12);
        size_t at = StreamInfo::kFixedBytes + description;
        sum(0, at, at);
        for (at += 4; FrameHeader::starts(rest(at)); at += std::max(number(at + 4), kLeast)) {
            mend_frame(at);
        }
        const size_t index = at, footer = bytes_.size() - std::min(bytes_.size(), kFooter);
        if (index < footer) {
            sum(index, footer - index, footer + 12);
            sum(footer, 20, footer + 20);
        }
        return std::move(bytes_);
    }

  private:
    static constexpr size_t kLeast = FrameHeader::kBytes, kFooter = 32;

    Bytes rest(size_t at) const { return Bytes(bytes_).subspan(std::min(at, bytes_.size())); }
    size_t number(size_t at) const {
        size_t value = 0;
        for (size_t i = 4; i-- > 0 && at + 4 <= bytes_.size();) {
            value = value << 8 | std::to_integer<size_t>(bytes_[at + i]);
        }
        return value;
    }
    // The checksum of so many bytes, written to a place; nothing when it is not there.
    void sum(size_t at, size_t count, size_t to) {
        if (rest(at).size() < count || rest(to).size() < 4) {
            return;
        }
        const uint32_t crc = crc32c(rest(at).first(count));
        for (size_t i = 0; i < 4; ++i) {
            bytes_[to + i] = static_cast<std::byte>(crc >> (8 * i));
        }
    }
    void mend_frame(size_t frame) {
        size_t part = frame + FrameHeader::kBytes;
        for (size_t p = 0; p < gaussians::kStreamParts; ++p) {
            const size_t size = number(frame + 40 + 8 * p);
            sum(part, size, frame + 44 + 8 * p);
            part += size;
        }
        sum(frame, 108, frame + 108);
    }

    std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> mended_stream(Bytes bytes) {
    return Mender(bytes).mended();
}

}  // namespace longtake::fuzz
