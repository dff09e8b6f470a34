#include "core/file.h"
#include "tests/faults/failing_calls.h"
#include "tests/faults/web_stub.h"
#include "tests/tools/recording.h"

// Nobody can call the program: it opens no port, whatever it reads and writes, unless it is told
// to.
namespace longtake {
namespace {

class Listening : public Recording {
  protected:
    int ports_opened(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.insert(arguments.begin(), LONGTAKE_BINARY);
        std::filesystem::remove(runner.folder / "calls");
        const Outcome outcome = Subprocess(arguments, failing(runner, "listen", 1)).wait();
        EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
        return counted_calls(runner);
    }
};

TEST_F(Listening, NoCommandOpensAPort) {
    EXPECT_EQ(ports_opened({"generate", "--frames", "9", "-o", "a.mp4"}), 0);
    EXPECT_EQ(ports_opened(command("a.ltv")), 0);
    const WebStub server(read_text(runner.folder / "a.ltv", 1 << 24), {});
    EXPECT_EQ(ports_opened({"render", server.address(), "--size", "96x64", "-o", "b.mp4"}), 0);
    EXPECT_EQ(ports_opened({"info", server.address()}), 0);
    EXPECT_EQ(ports_opened({"doctor"}), 0);
}

TEST_F(Listening, AnAddressThatSaysSoOpensOne) {
    const std::string address = fmt::format("tcp://127.0.0.1:{}?listen=1", free_port());
    EXPECT_EQ(ports_opened({"generate", "--frames", "9", "-o", address}, 2), 1);
}

}  // namespace
}  // namespace longtake
