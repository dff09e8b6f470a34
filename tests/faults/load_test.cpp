#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/core/web_server.h"
#include "tests/gaussians/stream_testing.h"
#include "tests/generator/thread_count.h"
#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

#include <future>

// Many at once.
namespace longtake {
namespace {

TEST(Load, SixteenSessionsOfOneModelMakeWhatEachMakesAlone) {
    using namespace generator;
    constexpr size_t kSessions = 16;
    constexpr int kChunks = 9;  // two of them past the full window
    const auto make = [](size_t seed) {
        const ThreadCount one(1);
        return take(seeded(seed), kChunks);
    };
    std::vector<std::future<std::vector<Chunk>>> together;
    for (size_t i = 0; i < kSessions; ++i) {
        together.push_back(std::async(std::launch::async, make, i));
    }
    for (size_t i = 0; i < kSessions; ++i) {
        EXPECT_TRUE(same_take(together[i].get(), make(i))) << i;
    }
}

TEST(Load, AWebServerFeedsFiftyReaders) {
    using namespace gaussians;
    if (WebServer::program().empty()) {
        GTEST_SKIP() << "nginx is not installed";
    }
    constexpr int kReaders = 50, kFrames = 12;
    const TemporaryFolder files, own;
    const auto states = write_stream(files / "a.ltv", kFrames, 4);
    const WebServer server(files.path(), own.path());
    ASSERT_TRUE(server.running());
    const auto read = [&](int reader_number) {
        const ThreadCount one(1);
        StreamReader reader(server.address() + "/a.ltv", {.verify = true});
        int right = 0;
        reader.seek(reader_number % kFrames);  // everybody comes in somewhere else
        for (int frame = reader_number % kFrames; reader.next(); ++frame) {
            right += same(reader.state(), states[static_cast<size_t>(frame)]) ? 1 : 0;
        }
        return right;
    };
    std::vector<std::future<int>> readers;
    for (int i = 0; i < kReaders; ++i) {
        readers.push_back(std::async(std::launch::async, read, i));
    }
    for (int i = 0; i < kReaders; ++i) {
        EXPECT_EQ(readers[static_cast<size_t>(i)].get(), kFrames - i % kFrames) << i;
    }
}

}  // namespace
}  // namespace longtake
