#include "core/crc32c.h"
#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/stream_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

// A damaged stream ends in one clear line or at its last sound frame: every frame that comes out is
// the one that was written.
namespace longtake::gaussians {
namespace {

using testing::HasSubstr;

class HostileStream : public testing::Test {
  protected:
    // Frames 0 and 3 are keys.
    HostileStream() : states_(write_stream(folder_.path() / "whole.ltv", 5, 3)) {
        bytes_ = read_text(folder_.path() / "whole.ltv", size_t{1} << 24);
        StreamReader reader((folder_.path() / "whole.ltv").string());
        for (size_t i = 0; i < 5; ++i) {
            offsets_.push_back(reader.index()[i].offset);
        }
        offsets_.push_back(reader.index().end());
    }

    // How many sound frames come out; fails for any other.
    size_t read(const std::string& bytes, bool skip = false) {
        const auto path = folder_.path() / "damaged.ltv";
        AtomicFile file(path);
        file.write(bytes);
        file.commit();
        size_t frames = 0;
        error_.clear();
        try {
            StreamReader reader(path.string(), {.skip_damaged = skip});
            while (reader.next()) {
                const size_t number = reader.frame().number;
                EXPECT_LT(number, states_.size());
                EXPECT_TRUE(number < states_.size() && same(reader.state(), states_[number]));
                ++frames;
            }
        } catch (const InputError& e) {
            error_ = e.what();
            EXPECT_THAT(error_, HasSubstr("damaged.ltv: "));
        }
        return frames;
    }

    const TemporaryFolder folder_;
    std::vector<FixedCloud> states_;
    std::string bytes_;
    std::vector<uint64_t> offsets_;  // of the frames, and the end of the last
    std::string error_;
};

TEST_F(HostileStream, ReadsWhatIsWhole) {
    EXPECT_EQ(read(bytes_), 5);
}

TEST_F(HostileStream, CutAnywhereGivesTheFramesBefore) {
    for (size_t length = 0; length < bytes_.size(); length += length < 600 ? 7 : 61) {
        const size_t frames = read(bytes_.substr(0, length));
        const auto whole = std::ranges::count_if(offsets_, [&](uint64_t o) { return o <= length; });
        EXPECT_EQ(frames, std::max<int64_t>(0, whole - 1)) << length;
        EXPECT_EQ(error_.empty(), whole > 0) << length << ": " << error_;
    }
}

TEST_F(HostileStream, ChangedByteNeverMakesAnotherFrame) {
    for (size_t place = 0; place < bytes_.size(); place += place % 23 + 1) {
        std::string damaged = bytes_;
        damaged[place] = static_cast<char>(damaged[place] ^ (1 << (place % 8)));
        const size_t frames = read(damaged);
        EXPECT_TRUE(frames == 5 || !error_.empty()) << place;
    }
}

TEST_F(HostileStream, GoesOnWithTheNextKeyWhenAsked) {
    std::mt19937 engine(1);
    for (const bool indexed : {true, false}) {
        const std::string whole = indexed ? bytes_ : bytes_.substr(0, offsets_[5]);
        for (int i = 0; i < 60; ++i) {
            std::string damaged = whole;
            const size_t place =
                std::uniform_int_distribution<size_t>(offsets_[0], offsets_[3] - 1)(engine);
            damaged[place] = static_cast<char>(~damaged[place]);
            EXPECT_GE(read(damaged, true), 2) << place;
            EXPECT_EQ(error_, "") << place;
        }
    }
}

TEST_F(HostileStream, FramesInAnotherOrderAreRefused) {
    const auto frame = [&](size_t i) {
        return bytes_.substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
    };
    const std::string head = bytes_.substr(0, offsets_[0]);
    EXPECT_EQ(read(head + frame(0) + frame(2) + frame(1)), 1);
    EXPECT_THAT(error_, HasSubstr("frame 1, at byte"));
    EXPECT_EQ(read(head + frame(0) + frame(2)), 1);
    EXPECT_EQ(read(head + frame(1)), 0);
    EXPECT_EQ(read(head + frame(3) + frame(4)), 0);
    EXPECT_EQ(read(head + frame(0) + frame(3) + frame(4), true), 3);
    EXPECT_EQ(read(head + frame(0) + frame(1) + "something else" + frame(3) + frame(4), true), 4);
}

// Whoever mends the checksums as well still does not crash the reader.
TEST_F(HostileStream, MendedChecksumsDoNotHelp) {
    std::mt19937 engine(2);
    const auto put = [](std::string& bytes, size_t place, uint32_t value) {
        for (size_t i = 0; i < 4; ++i) {
            bytes[place + i] = static_cast<char>(value >> (8 * i));
        }
    };
    const auto number = [](const std::string& bytes, size_t place) {
        uint32_t value = 0;
        for (size_t i = 0; i < 4; ++i) {
            value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[place + i])) << (8 * i);
        }
        return value;
    };
    const auto sum = [](const std::string& bytes, size_t place, size_t size) {
        return crc32c(std::as_bytes(std::span(bytes).subspan(place, size)));
    };
    for (int i = 0; i < 400; ++i) {
        std::string damaged = bytes_;
        const size_t frame = static_cast<size_t>(i) % 5, at = offsets_[frame];
        const size_t place = std::uniform_int_distribution<size_t>(at + (i % 3 == 0 ? 4 : 112),
                                                                   offsets_[frame + 1] - 1)(engine);
        damaged[place] = static_cast<char>(engine());
        size_t part = at + FrameHeader::kBytes;
        for (size_t p = 0; p < kStreamParts && place >= at + FrameHeader::kBytes; ++p) {
            const size_t size = number(damaged, at + 40 + 8 * p);
            put(damaged, at + 44 + 8 * p, sum(damaged, part, size));
            part += size;
        }
        put(damaged, at + 108, sum(damaged, at, 108));
        const auto path = folder_.path() / "damaged.ltv";
        AtomicFile file(path);
        file.write(damaged);
        file.commit();
        try {
            StreamReader reader(path.string(), {.verify = true});
            while (reader.next()) {
                EXPECT_TRUE(same(reader.state(), states_[reader.frame().number]));
            }
        } catch (const InputError& e) {
            EXPECT_THAT(std::string(e.what()), HasSubstr("damaged.ltv: frame "));
        }
    }
}

TEST_F(HostileStream, MendedHeadersAreRefusedOrRead) {
    std::mt19937 engine(3);
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
        std::string damaged = bytes_;
        const size_t end = offsets_[0] - 4;
        damaged[12 + engine() % (end - 12)] = static_cast<char>(engine());
        const uint32_t sum = crc32c(std::as_bytes(std::span(damaged).first(end)));
        for (size_t k = 0; k < 4; ++k) {
            damaged[end + k] = static_cast<char>(sum >> (8 * k));
        }
        AtomicFile file(folder_.path() / "damaged.ltv");
        file.write(damaged);
        file.commit();
        try {
            StreamReader reader((folder_.path() / "damaged.ltv").string());
            while (reader.next()) {
            }
        } catch (const InputError& e) {
            EXPECT_THAT(std::string(e.what()), HasSubstr("damaged.ltv: "));
            ++refused;
        }
    }
    EXPECT_GT(refused, 100);
}

TEST_F(HostileStream, RefusesOtherFiles) {
    EXPECT_EQ(read("ply\nformat ascii 1.0\n"), 0);
    EXPECT_THAT(error_, HasSubstr("no stream of Gaussians"));
    EXPECT_EQ(read(std::string(5000, '\0')), 0);
    EXPECT_THROW(StreamReader((folder_.path() / "absent.ltv").string()), InputError);
}

}  // namespace
}  // namespace longtake::gaussians
