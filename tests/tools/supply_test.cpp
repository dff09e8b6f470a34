#include "core/file.h"
#include "tests/core/sanitized.h"
#include "tests/tools/longtake_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

// What the program is made of, and what it says of the machine it runs on.
namespace longtake {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(BugReport, HoldsVersionsAndNothingPrivate) {
    Runner runner;
    const std::string home = (runner.folder / "Ada Lovelace").string();
    std::filesystem::create_directory(home);
    std::filesystem::copy(runner.folder / "assets", home + "/assets",
                          std::filesystem::copy_options::recursive);
    runner.options.environment["HOME"] = home;
    runner.options.environment["USER"] = "ada";
    runner.options.environment["LONGTAKE_ASSETS"] = home + "/assets";
    runner.options.environment["SECRET_TOKEN"] = "swordfish";
    const auto report = [&] {
        runner.run({"doctor", "--bundle", "report.txt"});
        return read_text(runner.folder / "report.txt");
    };
    std::string text = report();
    EXPECT_THAT(text, HasSubstr("glibc "));
    EXPECT_THAT(text, HasSubstr("bundled model: .../toyworld, whole"));
    EXPECT_THAT(text, HasSubstr("libavcodec.so."));
    std::filesystem::resize_file(
        home + "/assets/models/toyworld/vae/diffusion_pytorch_model.safetensors", 9);
    text += report();
    EXPECT_THAT(text, HasSubstr("diffusion_pytorch_model.safetensors"));
    for (const char* secret : {"Ada", "Lovelace", "ada", "swordfish", "longtake-", "/tmp"}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    EXPECT_THAT(text, Not(HasSubstr(host)));
}

TEST(BugReport, GoesWhereItCan) {
    const Runner runner;
    const Outcome outcome = runner.run({"doctor", "--bundle", "no/such/report.txt"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("no/such/report.txt"));
}

// Every library that the program is linked with stands in the bill of materials, and everything in
// that in CONTRIBUTING.md, under the same licence.
TEST(BillOfMaterials, IsWholeAndExplained) {
    const auto bill = nlohmann::json::parse(read_text(LONGTAKE_SBOM));
    EXPECT_EQ(bill.at("bomFormat"), "CycloneDX");
    EXPECT_EQ(bill.at("specVersion"), "1.5");
    EXPECT_EQ(bill.at("metadata").at("component").at("name"), "longtake");
    const std::string table = read_text(LONGTAKE_SOURCE "/CONTRIBUTING.md");
    std::vector<std::string> known;
    for (const auto& component : bill.at("components")) {
        const auto name = component.at("name").get<std::string>();
        EXPECT_EQ(component.at("type"), "library") << name;
        EXPECT_THAT(component.at("version"), ::testing::ContainsRegex("^[0-9]")) << name;
        std::istringstream libraries(
            component.at("properties").at(0).at("value").get<std::string>());
        for (std::string library; libraries >> library;) {
            known.push_back(library + ".so");
        }
        const size_t row = table.find(name);
        ASSERT_NE(row, std::string::npos) << name;
        EXPECT_THAT(table.substr(row, table.find('\n', row) - row),
                    HasSubstr(component.at("licenses").at(0).at("expression").get<std::string>()));
    }
    if (LONGTAKE_SANITIZED) {
        GTEST_SKIP() << "with a sanitizer the program is linked with all that it names";
    }
    const Runner runner;
    const Outcome linked = runner.shell("readelf -d " LONGTAKE_BINARY
                                        " | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\].*/\\1/p'");
    ASSERT_EQ(linked.exit_code, 0) << linked.err;
    std::istringstream needed(linked.out);
    int count = 0;
    for (std::string library; needed >> library; ++count) {
        EXPECT_TRUE(std::ranges::any_of(known, [&](const auto& k) {
            return library.starts_with(k);
        })) << library;
    }
    EXPECT_GT(count, 10);
}

// It calls others and is never called; FFmpeg waits for a caller only where an address says so.
TEST(Program, ListensToNothing) {
    const Runner runner;
    const Outcome symbols = runner.shell("readelf --dyn-syms -W " LONGTAKE_BINARY);
    ASSERT_EQ(symbols.exit_code, 0) << symbols.err;
    EXPECT_THAT(symbols.out, HasSubstr(" avio_open2@"));
    for (const char* call : {" bind@", " listen@", " accept@", " accept4@"}) {
        EXPECT_THAT(symbols.out, Not(HasSubstr(call)));
    }
}

}  // namespace
}  // namespace longtake
