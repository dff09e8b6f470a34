#include "core/error.h"
#include "gaussians/codec/stream_copy.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/core/web_server.h"
#include "tests/gaussians/stream_testing.h"

#include <gtest/gtest.h>

#include <string>

// Streams as a web server of plain files gives them.
namespace longtake::gaussians {
namespace {

TEST(HttpStream, IsPlayedAndSoughtThrough) {
    if (WebServer::program().empty()) {
        GTEST_SKIP() << "nginx is not installed";
    }
    const TemporaryFolder files, own;
    const auto states = write_stream(files / "whole.ltv", 9, 4);
    split_stream(files / "whole.ltv", files / "pieces");
    StreamWriter growing(files / "growing.ltv", small_info());
    growing.key(states[0]);
    const WebServer server(files.path(), own.path());
    ASSERT_TRUE(server.running());
    for (const std::string name : {"/whole.ltv", "/pieces/playlist.json"}) {
        StreamReader reader(server.address() + name, {.verify = true});
        EXPECT_EQ(reader.frame_count(), 9);
        EXPECT_TRUE(reader.finished());
        for (const int frame : {0, 1, 8, 3, 4}) {
            reader.seek(frame);
            ASSERT_TRUE(reader.next());
            EXPECT_TRUE(same(reader.state(), states[static_cast<size_t>(frame)])) << name << frame;
        }
    }
    StreamReader reader(server.address() + "/growing.ltv.partial");
    EXPECT_EQ(reader.frame_count(), 1);
    EXPECT_FALSE(reader.finished());
    EXPECT_TRUE(reader.next());
    EXPECT_THROW(StreamReader(server.address() + "/none.ltv"), InputError);
}

}  // namespace
}  // namespace longtake::gaussians
