#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/faults/web_stub.h"
#include "tests/gaussians/stream_testing.h"

#include <gmock/gmock.h>

// Servers that are slow, that let go, or that say nothing any more.
namespace longtake::gaussians {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BadServer : public testing::Test {
  protected:
    BadServer()
        : states_(write_stream(folder_ / "a.ltv", 12, 3)),
          content_(read_text(folder_ / "a.ltv", size_t{1} << 24)) {}

    // Frames until the end or until `error_` says why there are no more.
    size_t play(const std::string& address) {
        size_t frames = 0;
        try {
            StreamReader reader(address, {.verify = true});
            for (; reader.next(); ++frames) {
                EXPECT_TRUE(same(reader.state(), states_[frames]));
            }
        } catch (const InputError& e) {
            error_ = e.what();
        }
        return frames;
    }

    const TemporaryFolder folder_;
    std::vector<FixedCloud> states_;
    std::string content_, error_;
};

TEST_F(BadServer, ASlowOneIsPlayed) {
    const WebStub server(content_, {.bytes_a_second = content_.size()});
    EXPECT_EQ(play(server.address()), 12U);
    EXPECT_EQ(error_, "");
}

TEST_F(BadServer, OneThatLetsGoIsNamed) {
    const WebStub server(content_, {.after = content_.size() / 2});
    const size_t frames = play(server.address());
    EXPECT_LT(frames, 12U);
    EXPECT_THAT(error_, AllOf(HasSubstr(server.address()), Not(HasSubstr("\n"))));
}

TEST_F(BadServer, OneThatSaysNothingMoreIsLeft) {
    const WebStub server(content_,
                         {.after = content_.size() / 2, .then = WebStub::Manners::Then::Stall});
    EXPECT_LT(play(server.address()), 12U);
    EXPECT_THAT(error_, AllOf(HasSubstr(server.address()), HasSubstr("no answer in time")));
}

}  // namespace
}  // namespace longtake::gaussians
