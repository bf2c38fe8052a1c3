#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "host.h"
#include "loader/hash.h"
#include "loader/init_code.h"
#include "support/requires.h"
#include "verifier/rules.h"

namespace portico::loader::test::image_test {
namespace {

// Each test of the program finds no image loaded.
class ImagesUnloader : public ::testing::EmptyTestEventListener {
    void OnTestEnd(const ::testing::TestInfo&) override {
        while (!images().empty()) unload(images().front());
    }
};
const auto* const appended = [] {
    auto* const unloader = new ImagesUnloader;
    ::testing::UnitTest::GetInstance()->listeners().Append(unloader);
    return unloader;
}();

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Image* load(const std::string& driver = "loader_sample") {
    return loaded_from(path_of(driver));
}

Image* load_twin() {
    const auto bytes = twin_of(read_bytes(path_of("loader_sample")));
    const auto loaded = load_memory(bytes, "twin", options);
    PORTICO_CHECK(loaded.ok());
    return *loaded;
}

TEST(Image, LiesAtItsLinkedAddressInTheImageRange) {
    const auto bytes = read_bytes(path_of("loader_sample"));
    const auto file = parse_elf(bytes, "sample");
    ASSERT_TRUE(file.ok());
    const auto* const image = load();
    EXPECT_EQ(image->range().base, file->base);
    EXPECT_TRUE(sim::image_range.contains(image->range().base));
    EXPECT_EQ(image->name(), "loader_sample");
    EXPECT_EQ(image->path(), path_of("loader_sample"));
    EXPECT_TRUE(image->checked());
    EXPECT_FALSE(load("loader_sample_free")->checked());
}

TEST(Image, CallsTheHostAndIsCalled) {
    const auto sample = start(*load());
    EXPECT_EQ(as<int WIN64(int, int)>(sample.add_by_host)(40, 2), 42);
    EXPECT_EQ(as<int WIN64()>(sample.read_host_data)(), host_data);
    EXPECT_EQ(as<int WIN64()>(sample.optional_is_null)(), 1) << "a weak import that nobody has is null";
    EXPECT_EQ(*sample.counter, 5);
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_EQ(*sample.constant, 42);
}

TEST(Image, NoCodeRunsAtLoad) {
    additions = 0;
    const auto* const image = load();
    EXPECT_EQ(additions, 0);
    // Windows runs no constructors of drivers: that there are some is for a report.
    EXPECT_THAT(image->static_constructors(), UnorderedElementsAre("g_Holder", "Inner::CHolder::s_member"));
    EXPECT_TRUE(load("loader_no_entry")->static_constructors().empty());
}

TEST(Image, PagesHaveTheAccessOfTheirSections) {
    const auto* const image = load();
    const auto sample = start(*image);
    EXPECT_EQ(access_at(number(sample.add_by_host)), "r-xp");
    EXPECT_EQ(access_at(number(sample.constant)), "r--p");
    EXPECT_EQ(access_at(number(sample.counter)), "rw-p");
    EXPECT_EQ(access_at(image->missing_imports()[0]->stub), "---p");
    EXPECT_EQ(access_at(image->missing_imports()[0]->code), "r-xp");
    EXPECT_EQ(image->section_at(number(sample.add_by_host))->kind, SectionKind::code);
    EXPECT_EQ(image->section_at(number(sample.constant))->kind, SectionKind::constant);
    EXPECT_EQ(image->section_at(number(sample.counter))->kind, SectionKind::data);
    EXPECT_EQ(image->section_at(image->range().end()), nullptr);
}

TEST(Image, StaticsAreResetInPlace) {
    auto* const image = load();
    const auto sample = start(*image);
    *sample.counter = 99;
    *sample.pointer_to_it = nullptr;
    sample.zeroes[0] = sample.zeroes[4096 * 20 + 7] = sample.zeroes[zeroes_bytes - 1] = 1;
    image->reset_statics();
    EXPECT_EQ(*sample.counter, 5);
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_TRUE(std::all_of(sample.zeroes, sample.zeroes + zeroes_bytes,
                            [](unsigned char byte) { return byte == 0; }));
}

TEST(InitCode, GoesAndComesBackAndAForkedProcessHasItsOwn) {
    auto* const page = static_cast<unsigned char*>(
        ::mmap(nullptr, sim::page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const unsigned char answer[] = {0xB8, 42, 0, 0, 0, 0xC3};  // mov eax, 42; ret
    std::memcpy(page, answer, sizeof answer);
    ASSERT_EQ(::mprotect(page, sim::page_size, PROT_READ | PROT_EXEC), 0);
    const auto call = reinterpret_cast<int (*)()>(page);
    const auto code = InitCode::take_over({number(page), sim::page_size});
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(access_at(number(page)), "r-xs");
    const pid_t child = ::fork();
    if (child == 0) {
        const bool kept = call() == 42;
        code->discard();
        ::_exit(kept && page[0] == 0xF4 ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(call(), 42);
    code->discard();
    EXPECT_TRUE(std::all_of(page, page + sim::page_size, [](unsigned char byte) { return byte == 0xF4; }));
    code->restore();
    EXPECT_EQ(call(), 42);
    ::munmap(page, sim::page_size);
}

// That is for files on disks; the kernel would end the process.
TEST(InitCode, IsThereUnderALimitForFiles) {
    auto* const page =
        ::mmap(nullptr, sim::page_size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
    const auto code = InitCode::take_over({number(page), sim::page_size});
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(code, nullptr);
    ::munmap(page, sim::page_size);
}

TEST(Image, SameContentIsLoadedOnce) {
    auto* const image = load();
    const auto before = generation();
    EXPECT_EQ(load(), image);
    const auto bytes = read_bytes(path_of("loader_sample"));
    EXPECT_EQ(*load_memory(bytes, "copy", options), image);
    EXPECT_EQ(generation(), before);
    EXPECT_EQ(image->hash(), Xxh64::of(bytes));
    EXPECT_NE(load_twin()->hash(), image->hash());
}

TEST(Image, FileThatChangedIsLoadedAnew) {
    const auto path = ::testing::TempDir() + "/portico-changing-" + std::to_string(::getpid()) + ".so";
    const auto write = [&](const std::vector<std::byte>& bytes) {
        std::filesystem::remove(path);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    const auto bytes = read_bytes(path_of("loader_sample"));
    write(bytes);
    auto* const first = *load_file(path, options);
    EXPECT_EQ(*load_file(path, options), first);
    write(twin_of(bytes));
    auto* const second = *load_file(path, options);
    EXPECT_NE(second->hash(), first->hash());
    write(bytes);
    EXPECT_EQ(*load_file(path, options), first);
    std::filesystem::remove(path);
}

TEST(Image, MovesWhenItsPlaceIsTaken) {
    auto* const image = load();
    auto* const twin = load_twin();
    ASSERT_NE(twin->range().base, image->range().base);
    EXPECT_TRUE(sim::image_range.contains(twin->range().base));
    const auto sample = start(*twin);
    EXPECT_TRUE(twin->contains(number(sample.counter)));
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_EQ(as<int WIN64(int, int)>(sample.add_by_host)(40, 2), 42);
    EXPECT_EQ(image_at(number(sample.counter)), twin);
    EXPECT_EQ(image_at(image->range().base), image);
    EXPECT_THAT(images(), ElementsAre(image, twin));
    *sample.counter = 1;
    twin->reset_statics();
    EXPECT_EQ(*sample.counter, 5);
}

TEST(Image, UnloadingGivesItsPlaceBack) {
    auto* const image = load();
    const auto range = image->range();
    unload(image);
    EXPECT_EQ(image_at(range.base), nullptr);
    EXPECT_EQ(access_at(range.base), "none");
    EXPECT_EQ(load()->range().base, range.base);
}

TEST(Image, PlaceInTheHostsHandsIsNotTaken) {
    const auto file = parse_elf(read_bytes(path_of("loader_sample")), "sample");
    auto* const there = reinterpret_cast<char*>(file->base);
    ASSERT_EQ(
        ::mmap(there, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        there);
    *there = 7;
    EXPECT_NE(load()->range().base, file->base);
    EXPECT_EQ(*there, 7);
    ::munmap(there, 4096);
}

struct Called {
    std::string import, image;
    std::uint64_t caller, frame;
} called;

TEST(MissingImport, AreListedAtLoadAndTellWhoCallsThem) {
    const auto* const image = load();
    ASSERT_EQ(image->missing_imports().size(), 2u);
    EXPECT_EQ(image->missing_imports()[0]->name, "NotThere");
    EXPECT_EQ(image->missing_imports()[1]->name, "AlsoNotThere");
    const auto sample = start(*image);
    verifier::install_fault_rule();
    auto* const answer = std::exchange(
        missing_import_called,
        [](const MissingImport& import, std::uint64_t caller, std::uint64_t frame) -> std::uint64_t {
            called = {import.name, import.image->name(), caller, frame};
            return 0x1122334455667788;
        });
    EXPECT_EQ(as<std::uint64_t WIN64(int)>(sample.call_missing)(1), 0x1122334455667788u);
    EXPECT_EQ(called.import, "NotThere");
    EXPECT_EQ(called.image, "loader_sample");
    EXPECT_TRUE(image->contains(called.caller));
    EXPECT_LT(called.caller - number(sample.call_missing), 100u)
        << "the caller is the function that calls it";
    EXPECT_NE(called.frame, 0u);
    missing_import_called = answer;
}

TEST(MissingImport, AnswersNotImplementedOfItsOwnAccord) {
    verifier::install_fault_rule();
    const auto sample = start(*load());
    EXPECT_EQ(as<std::uint64_t WIN64(int)>(sample.call_missing)(1), 0xC0000002u);
}

TEST(MissingImport, SomeNamesHaveAReason) {
    EXPECT_THAT(missing_import_hint("WdfDriverCreate"), HasSubstr("KMDF"));
    EXPECT_THAT(missing_import_hint("__GSHandlerCheck_SEH"), HasSubstr("BufferOverflowK.lib"));
    EXPECT_EQ(missing_import_hint("KeNoSuchThing"), "");
}

TEST(Entry, ImageWithoutDriverEntrySaysSo) {
    const auto* const image = load("loader_no_entry");
    const auto entry = image->entry("DriverEntry");
    ASSERT_FALSE(entry.ok());
    EXPECT_THAT(entry.error().message, HasSubstr("loader_no_entry.so: the image has no DriverEntry"));
    EXPECT_TRUE(load()->entry("DriverEntry").ok());
    EXPECT_EQ(load()->exported("PorticoCreateMiniport"), nullptr);
}

TEST(Hash, IsXxh64) {
    const auto hash = [](const std::string& text) { return Xxh64::of(std::as_bytes(std::span(text))); };
    EXPECT_EQ(hash(""), 0xEF46DB3751D8E999u);
    EXPECT_EQ(hash("a"), 0xD24EC4F1A98C6E5Bu);
    EXPECT_EQ(hash("abc"), 0x44BC2CF5AD770999u);
    EXPECT_EQ(hash("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

#ifdef PORTICO_ASAN
TEST(AddressSanitizer, ChecksWhatTheDriverTouches) {
    const auto sample = start(*load());
    ASSERT_TRUE(load()->asan());
    auto* const freed = new int[4]();
    delete[] freed;
    *sample.pointer_to_it = freed;
    EXPECT_DEATH(as<int WIN64()>(sample.read_through_it)(), "heap-use-after-free");
}
#endif

}  // namespace
}  // namespace portico::loader::test::image_test
