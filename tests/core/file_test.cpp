#include "core/file.h"

#include "core/error.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;

TEST(AtomicFile, AppearsOnlyWithCommit) {
    const TemporaryFolder folder;
    {
        AtomicFile file(folder / "a");
        file.write("half");
        EXPECT_FALSE(fs::exists(folder / "a"));
    }
    EXPECT_EQ(folder.size(), 0u);
    AtomicFile file(folder / "a");
    file.write("who");
    file.write("le");
    file.commit();
    EXPECT_EQ(read_text(folder / "a"), "whole");
    EXPECT_EQ(folder.size(), 1u);
    EXPECT_THROW(file.commit(), Error);
}

TEST(AtomicFile, ReplacesWhatALinkPointsTo) {
    const TemporaryFolder folder;
    std::ofstream(folder / "real") << "old";
    fs::create_symlink("real", folder / "link");
    AtomicFile file(folder / "link");
    file.write("new");
    file.commit();
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(read_text(folder / "real"), "new");
}

TEST(AtomicFile, RefusesFoldersDevicesAndMissingFolders) {
    const TemporaryFolder folder;
    EXPECT_THROW(AtomicFile(folder.path()), InputError);
    EXPECT_THROW(AtomicFile("/dev/null"), InputError);
    EXPECT_THROW(AtomicFile(folder / "no/such/file"), InputError);
}

TEST(ReadText, IsBounded) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a") << std::string(5000, 'x');
    EXPECT_EQ(read_text(folder / "a", 5000).size(), 5000u);
    EXPECT_THROW(read_text(folder / "a", 4999), InputError);
    EXPECT_THROW(read_text(folder / "absent"), InputError);
    EXPECT_THROW(read_text(folder.path()), InputError);
    EXPECT_THROW(read_text("/dev/zero", 100000), InputError);
}

}  // namespace
}  // namespace longtake
