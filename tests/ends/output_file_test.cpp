#include "ends/output_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "ends_test.h"

namespace portico::ends {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class OutputFileOfKind : public ::testing::TestWithParam<TemporaryKind> {};
INSTANTIATE_TEST_SUITE_P(All, OutputFileOfKind,
                         ::testing::Values(TemporaryKind::nameless, TemporaryKind::named));

TEST_P(OutputFileOfKind, AppearsWithCommit) {
    const Folder folder;
    {
        auto file = OutputFile::create(folder.file("a.txt"), GetParam());
        ASSERT_TRUE(is_ok(file));
        ASSERT_TRUE(is_ok(file->write(Bytes{'a', 'b'})));
        EXPECT_FALSE(std::filesystem::exists(folder.file("a.txt")));
        ASSERT_TRUE(is_ok(file->write(Bytes{'c'})));
        ASSERT_TRUE(is_ok(file->commit()));
    }
    EXPECT_THAT(folder.files(), ElementsAre("a.txt"));
    EXPECT_EQ(load_text(folder.file("a.txt")), "abc");
}

TEST_P(OutputFileOfKind, LeavesNothingWithoutCommit) {
    const Folder folder;
    save(folder.file("a.txt"), "old");
    {
        auto file = OutputFile::create(folder.file("a.txt"), GetParam());
        ASSERT_TRUE(is_ok(file));
        ASSERT_TRUE(is_ok(file->write(Bytes{'n', 'e', 'w'})));
    }
    EXPECT_THAT(folder.files(), ElementsAre("a.txt"));
    EXPECT_EQ(load_text(folder.file("a.txt")), "old");
}

TEST_P(OutputFileOfKind, ReplacesAFileAndKeepsItsMode) {
    const Folder folder;
    save(folder.file("a.txt"), "something longer");
    ::chmod(folder.file("a.txt").c_str(), 0640);
    auto file = OutputFile::create(folder.file("a.txt"), GetParam());
    ASSERT_TRUE(is_ok(file));
    ASSERT_TRUE(is_ok(file->write(Bytes{'n'})));
    ASSERT_TRUE(is_ok(file->commit()));
    EXPECT_EQ(load_text(folder.file("a.txt")), "n");
    struct stat status = {};
    ::stat(folder.file("a.txt").c_str(), &status);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_P(OutputFileOfKind, WritesBehindASymbolicLink) {
    const Folder folder;
    save(folder.file("real.txt"), "old");
    std::filesystem::create_symlink("real.txt", folder.file("link.txt"));
    auto file = OutputFile::create(folder.file("link.txt"), GetParam());
    ASSERT_TRUE(is_ok(file));
    ASSERT_TRUE(is_ok(file->write(Bytes{'n'})));
    ASSERT_TRUE(is_ok(file->commit()));
    EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.txt")));
    EXPECT_EQ(load_text(folder.file("real.txt")), "n");
}

TEST_P(OutputFileOfKind, SaysWhereItCannotWrite) {
    const Folder folder;
    const auto missing = OutputFile::create(folder.file("no/a.txt"), GetParam());
    EXPECT_EQ(line_of(missing), folder.file("no/a.txt") + ": cannot write: No such file or directory");
    const auto is_folder = OutputFile::create(folder.path(), GetParam());
    EXPECT_EQ(line_of(is_folder), folder.path() + ": cannot write: Is a directory");
    // Nobody, not even root, may make files here.
    const auto forbidden = OutputFile::create("/proc/a.txt", GetParam());
    EXPECT_THAT(line_of(forbidden), ::testing::StartsWith("/proc/a.txt: cannot write: "));
    EXPECT_THAT(folder.files(), IsEmpty());
}

TEST_P(OutputFileOfKind, ReplacesTheLeftoverOfAKilledProcess) {
    const Folder folder;
    save(folder.file(".a.txt." + std::to_string(::getpid()) + ".part"), "left");
    auto file = OutputFile::create(folder.file("a.txt"), GetParam());
    ASSERT_TRUE(is_ok(file));
    ASSERT_TRUE(is_ok(file->commit()));
    EXPECT_THAT(folder.files(), ElementsAre("a.txt"));
}

TEST(OutputFile, WritesADeviceDirectly) {
    auto null = OutputFile::create("/dev/null");
    ASSERT_TRUE(is_ok(null));
    EXPECT_TRUE(is_ok(null->write(Bytes{1, 2, 3})));
    EXPECT_TRUE(is_ok(null->commit()));
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));

    auto full = OutputFile::create("/dev/full");
    ASSERT_TRUE(is_ok(full));
    EXPECT_EQ(line_of(full->write(Bytes{1})), "/dev/full: cannot write: No space left on device");
}

TEST(OutputBatch, FilesTakeTheirPlacesTogetherOrNotAtAll) {
    const Folder folder;
    const Bytes bytes{1, 2, 3};
    for (const bool whole : {false, true}) {
        OutputBatch batch;
        for (const char* const name : {"a", "b"}) {
            auto file = OutputFile::create(folder.file(name), TemporaryKind::nameless, &batch);
            ASSERT_TRUE(file.ok());
            ASSERT_TRUE(file->write(bytes).ok());
            ASSERT_TRUE(file->commit().ok());
        }
        EXPECT_THAT(folder.files(), IsEmpty());
        if (whole) EXPECT_TRUE(batch.commit().ok());
    }
    EXPECT_THAT(folder.files(), UnorderedElementsAre("a", "b"));
}

}  // namespace
}  // namespace portico::ends
