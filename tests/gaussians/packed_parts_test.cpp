#include "core/compression.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/stream_copy.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/stream_testing.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

// What of a stream is not entropy coded is packed by zstd, and says the same unpacked.
namespace longtake::gaussians {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

// A frame as it is stored, part by part; its header need not say the truth about what is packed.
struct StoredFrame {
    FrameHeader header;
    std::array<Bytes, kStreamParts> parts;

    explicit StoredFrame(std::span<const std::byte> frame) : header(FrameHeader::unpack(frame)) {
        frame = frame.subspan(FrameHeader::kBytes);
        for (size_t i = 0; i < kStreamParts; ++i) {
            const auto part = frame.first(header.parts[i].bytes);
            parts[i].assign(part.begin(), part.end());
            frame = frame.subspan(part.size());
        }
    }
    // No smaller than it was.
    Bytes bytes() {
        Bytes payload;
        for (size_t i = 0; i < kStreamParts; ++i) {
            header.parts[i].bytes = static_cast<uint32_t>(parts[i].size());
            header.parts[i].checksum = crc32c(parts[i]);
            payload.insert(payload.end(), parts[i].begin(), parts[i].end());
        }
        payload.resize(std::max(payload.size(), header.bytes - FrameHeader::kBytes));
        header.bytes = static_cast<uint32_t>(FrameHeader::kBytes + payload.size());
        Bytes out = header.pack();
        out.insert(out.end(), payload.begin(), payload.end());
        return out;
    }
    Bytes& models() { return parts[static_cast<size_t>(StreamPart::Models)]; }
    FrameHeader::Part& said_of_models() {
        return header.parts[static_cast<size_t>(StreamPart::Models)];
    }
};

Bytes number(uint32_t value) {
    Bytes out;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        out.push_back(static_cast<std::byte>(value >> shift));
    }
    return out;
}
Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class PackedParts : public testing::Test {
  protected:
    static constexpr int kFrames = 7;

    PackedParts() : states_(write_stream(folder_ / "whole.ltv", kFrames, 3)) {}

    // The stream with every frame changed, without an index.
    std::string changed(const std::function<void(StoredFrame&)>& change) {
        StreamReader reader(folder_ / "whole.ltv");
        AtomicFile file(folder_ / "changed.ltv");
        file.write(reader.info().pack());
        for (int64_t frame = 0; frame < *reader.frame_count(); ++frame) {
            StoredFrame stored(reader.copy(frame));
            change(stored);
            file.write(stored.bytes());
        }
        file.commit();
        return folder_ / "changed.ltv";
    }
    // What is said of a stream whose models are stored otherwise.
    std::string refusal(const std::function<Bytes(const Bytes&)>& models) {
        StreamReader reader(changed([&](StoredFrame& frame) {
            frame.said_of_models().packed = true;
            frame.models() = models(frame.models());
        }));
        try {
            reader.next();
        } catch (const InputError& e) {
            return e.what();
        }
        return "";
    }

    const TemporaryFolder folder_;
    const std::vector<FixedCloud> states_;
};

TEST_F(PackedParts, SayTheSameUnpacked) {
    size_t packed = 0, plain_bytes = 0, packed_bytes = 0;
    StreamReader reader(changed([&](StoredFrame& frame) {
        const FrameHeader before = frame.header;
        Bytes payload;
        for (const Bytes& part : frame.parts) {
            payload.insert(payload.end(), part.begin(), part.end());
        }
        payload.resize(frame.header.bytes - FrameHeader::kBytes);
        frame.parts = frame.header.split(payload).bytes;
        for (size_t i = 0; i < kStreamParts; ++i) {
            EXPECT_TRUE(!before.parts[i].packed || frame.parts[i].size() > before.parts[i].bytes);
            packed += before.parts[i].packed ? 1 : 0;
            packed_bytes += before.parts[i].bytes;
            plain_bytes += frame.parts[i].size();
            frame.header.parts[i].packed = false;
        }
    }));
    EXPECT_GE(packed, kFrames);
    EXPECT_LT(packed_bytes, plain_bytes);
    for (const FixedCloud& state : states_) {
        ASSERT_TRUE(reader.next());
        EXPECT_TRUE(same(reader.state(), state));
    }
}

// Of the frames of version 2, each column's head is before its blocks and nothing is packed.
TEST_F(PackedParts, AreAbsentFromAnOlderStream) {
    const std::string old = LONGTAKE_TEST_FIXTURES "/streams/version2.ltv";
    StreamReader reader(old, {.verify = true});
    int frames = 0;
    for (; reader.next(); ++frames) {
        EXPECT_FALSE(reader.frame().heads_apart);
    }
    EXPECT_EQ(frames, 5);
    split_stream(old, folder_ / "pieces");
    concat_streams({old, folder_ / "pieces/playlist.json"}, folder_ / "twice.ltv");
    for (const auto& [address, count] :
         {std::pair(folder_ / "pieces/playlist.json", 5), {folder_ / "twice.ltv", 10}}) {
        StreamReader copy(address, {.verify = true});
        EXPECT_TRUE(copy.finished());
        EXPECT_EQ(copy.frame_count(), count);
        for (int i = 0; i < count; ++i) {
            EXPECT_TRUE(copy.next()) << i;
        }
    }
}

TEST_F(PackedParts, RefusesABomb) {
    constexpr uint32_t kSize = 1U << 24;
    const Bytes bomb = zstd(Bytes(kSize));
    ASSERT_LT(bomb.size(), 1000);
    EXPECT_THAT(refusal([&](const Bytes&) { return number(kSize) + bomb; }),
                HasSubstr("its models would become 16777216 bytes, more than the frame has"));
    EXPECT_THAT(refusal([](const Bytes& b) { return number(0xffffffff) + b; }),
                HasSubstr("its models would become 4294967295 bytes, more than the frame has"));
    // Of one that names fewer bytes, so many are taken.
    EXPECT_THAT(refusal([&](const Bytes&) { return number(500) + bomb; }),
                HasSubstr("changed.ltv: frame 0, at byte"));
}

TEST_F(PackedParts, RefusesAnotherSize) {
    const auto plus = [](int by) {
        return [by](Bytes b) {
            const uint32_t size =
                std::to_integer<uint32_t>(b[0]) + 256 * std::to_integer<uint32_t>(b[1]);
            const Bytes other = number(size + static_cast<uint32_t>(by));
            std::ranges::copy(other, b.begin());
            return b;
        };
    };
    EXPECT_THAT(refusal(plus(1)), HasSubstr("it ends too early"));
    EXPECT_THAT(refusal(plus(-1)), HasSubstr("it ends too early"));
    EXPECT_THAT(refusal(plus(-200)), HasSubstr("it ends too early"));
}

TEST_F(PackedParts, RefusesWhatIsCutOrNone) {
    for (const size_t left : {0, 3, 4, 9, 40}) {
        EXPECT_THAT(refusal([&](Bytes b) {
                        return Bytes(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(left));
                    }),
                    HasSubstr("it ends too early"))
            << left;
    }
    EXPECT_THAT(refusal([](const Bytes&) { return number(90) + Bytes(60, std::byte{0x5a}); }),
                HasSubstr("its compressed data is damaged"));
    EXPECT_THAT(refusal([](Bytes b) {
                    for (size_t i = 30; i < b.size(); ++i) {
                        b[i] = ~b[i];
                    }
                    return b;
                }),
                HasSubstr("changed.ltv: frame 0, at byte"));
}

TEST_F(PackedParts, AreNoColumns) {
    const std::string address = changed([](StoredFrame& frame) {
        frame.header.parts[static_cast<size_t>(StreamPart::Rest)].packed = true;
    });
    StreamReader reader(address);
    try {
        reader.next();
        FAIL();
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("the frame's header contradicts itself"));
    }
}

// The description is packed, too, within 64 times its bytes.
TEST_F(PackedParts, DescribeTheStream) {
    StreamInfo info = small_info();
    info.cameras.resize(9, info.cameras.front());
    const Bytes packed = info.pack();
    EXPECT_LT(packed.size(), 500);
    EXPECT_EQ(StreamInfo::unpack(packed).cameras.size(), 9);
    for (const uint32_t size : {1U << 24, 300U, 0xffffffffU}) {
        Bytes other(packed.begin(), packed.end() - 4);
        std::ranges::copy(number(size), other.begin() + 36);
        other = other + number(crc32c(other));
        EXPECT_THROW(StreamInfo::unpack(other), InputError) << size;
    }
    StreamInfo dull = small_info();
    dull.notes["dull"] = std::string(100'000, 'x');
    EXPECT_EQ(StreamInfo::unpack(dull.pack()).notes, dull.notes);
}

}  // namespace
}  // namespace longtake::gaussians
