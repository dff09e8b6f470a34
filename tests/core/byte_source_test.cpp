#include "core/byte_source.h"

#include "core/crc32c.h"
#include "core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/core/web_server.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace longtake {
namespace {

using testing::HasSubstr;

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string numbers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += std::to_string(100'000 + i);
    }
    return text;
}

// The same for whatever can be read anywhere.
void expect_reads(ByteSource& source, const std::string& all) {
    EXPECT_EQ(source.size(), all.size());
    for (const size_t offset : {size_t{0}, all.size() - 20, size_t{70'001}, size_t{5}}) {
        EXPECT_EQ(text_of(source.read(offset, 6000)), all.substr(offset, 6000)) << offset;
    }
    EXPECT_EQ(text_of(source.read(0, uint64_t{1} << 60)), all);
    EXPECT_EQ(source.read(all.size(), 100).size(), 0);
}

TEST(ByteSource, ReadsAFileThatGrows) {
    const TemporaryFolder folder;
    const std::string name = (folder / "a:b").string(), all = numbers(300'000);
    std::ofstream(name) << all;
    const auto source = open_bytes(name);
    expect_reads(*source, all);
    std::ofstream(name, std::ios::app) << "more";
    EXPECT_EQ(source->size(), all.size() + 4);
    EXPECT_EQ(text_of(source->read(all.size(), 100)), "more");
}

TEST(ByteSource, RefusesWhatIsNotThere) {
    EXPECT_THROW(open_bytes("/nowhere/at/all"), InputError);
    EXPECT_THROW(open_bytes("http://127.0.0.1:1/a"), InputError);
}

TEST(ByteSource, ReadsOverHttpByRanges) {
    if (WebServer::program().empty()) {
        GTEST_SKIP() << "nginx is not installed";
    }
    const TemporaryFolder files, own;
    const std::string all = numbers(300'000);
    std::ofstream(files / "a.bin") << all;
    const WebServer server(files.path(), own.path());
    ASSERT_TRUE(server.running());
    const auto source = open_bytes(server.address() + "/a.bin");
    expect_reads(*source, all);
    EXPECT_THROW(open_bytes(server.address() + "/b.bin"), InputError);
}

TEST(Crc32c, IsThatOfRfc3720) {
    std::vector<std::byte> bytes(32);
    EXPECT_EQ(crc32c(bytes), 0x8a9136aaU);
    for (size_t i = 0; i < 32; ++i) {
        bytes[i] = static_cast<std::byte>(i);
    }
    EXPECT_EQ(crc32c(bytes), 0x46dd794eU);
    EXPECT_EQ(crc32c(std::span(bytes).first(0)), 0);
    const std::string_view text = "123456789";
    EXPECT_EQ(crc32c(std::as_bytes(std::span(text))), 0xe3069283U);
}

}  // namespace
}  // namespace longtake
