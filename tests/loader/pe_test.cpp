// Drivers as Windows loads them: the sample driver as .sys does what it does as .so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "host.h"
#include "loader/symbols.h"
#include "support/requires.h"
#include "verifier/rules.h"

namespace portico::loader::test::pe_test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Image* load(const std::string& driver = "loader_sample") {
    return loaded_from(sys_path_of(driver));
}

TEST(PeImage, LiesWhereItsNameSays) {
    const auto* const image = load();
    EXPECT_EQ(image->name(), "loader_sample");
    EXPECT_EQ(image->range().base, image->linked_base());
    EXPECT_TRUE(sim::image_range.contains(image->range().base));
}

TEST(PeImage, CallsTheHostAndIsCalled) {
    const auto sample = start(*load());
    EXPECT_EQ(as<int WIN64(int, int)>(sample.add_by_host)(40, 2), 42);
    EXPECT_EQ(as<int WIN64()>(sample.read_host_data)(), host_data);
    EXPECT_EQ(as<int WIN64()>(sample.optional_is_null)(), 1);
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_EQ(*sample.constant, 42);
}

TEST(PeImage, NoCodeRunsAtLoad) {
    additions = 0;
    const auto* const image = load();
    EXPECT_EQ(additions, 0);
    EXPECT_THAT(image->static_constructors(), UnorderedElementsAre("g_Holder", "Inner::CHolder::s_member"));
}

TEST(PeImage, PagesHaveTheAccessOfTheirSections) {
    const auto* const image = load();
    const auto sample = start(*image);
    EXPECT_EQ(access_at(number(sample.add_by_host)), "r-xp");
    EXPECT_EQ(access_at(number(sample.constant)), "r--p");
    EXPECT_EQ(access_at(number(sample.counter)), "rw-p");
    EXPECT_EQ(access_at(image->base()), "r--p") << "a driver may read its own headers";
    EXPECT_EQ(image->section_at(number(sample.add_by_host))->kind, SectionKind::code);
    EXPECT_EQ(image->section_at(number(sample.counter))->kind, SectionKind::data);
}

TEST(PeImage, StaticsAreResetInPlace) {
    auto* const image = load();
    const auto sample = start(*image);
    *sample.counter = 99;
    *sample.pointer_to_it = nullptr;
    sample.zeroes[0] = sample.zeroes[zeroes_bytes - 1] = 1;
    image->reset_statics();
    EXPECT_EQ(*sample.counter, 5);
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_EQ(sample.zeroes[0] + sample.zeroes[zeroes_bytes - 1], 0);
}

TEST(PeImage, MovesWhenItsPlaceIsTaken) {
    auto* const image = load();
    auto bytes = read_bytes(sys_path_of("loader_sample"));
    bytes[0x40] ^= std::byte{1};  // of the program that DOS would run
    const auto twin = load_memory(bytes, "loader_sample.sys", options);
    ASSERT_TRUE(twin.ok()) << twin.error().message;
    ASSERT_NE((*twin)->range().base, image->range().base);
    const auto sample = start(**twin);
    EXPECT_TRUE((*twin)->contains(number(sample.counter)));
    EXPECT_EQ(*sample.pointer_to_it, sample.counter);
    EXPECT_EQ(as<int WIN64(int, int)>(sample.add_by_host)(40, 2), 42);
    const auto place = find_place(number(sample.add_by_host), CodeAddress::instruction);
    ASSERT_FALSE(place.lines.empty());
    EXPECT_THAT(place.lines[0].file, EndsWith("sample.cpp")) << "debug information moves with the image";
}

TEST(PeImage, UnloadingGivesItsPlaceBack) {
    auto* const image = load();
    const auto range = image->range();
    unload(image);
    EXPECT_EQ(image_at(range.base), nullptr);
    EXPECT_EQ(access_at(range.base), "none");
    EXPECT_EQ(load()->range().base, range.base);
}

TEST(PeImage, FunctionsAreFoundByAddress) {
    const auto* const image = load();
    const auto sample = start(*image);
    ASSERT_FALSE(image->functions().empty());
    const auto* const row = image->function_at(number(sample.add_by_host) + 1);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(image->base() + row->begin, number(sample.add_by_host));
    EXPECT_EQ(image->function_at(image->base()), nullptr);
    EXPECT_EQ(image->function_at(number(sample.counter)), nullptr);
}

struct Called {
    std::string label;
    std::uint64_t caller;
} called;

TEST(PeMissingImport, AreListedAtLoadAndTellWhoCallsThem) {
    const auto* const image = load();
    std::vector<std::string> labels;
    for (const auto& import : image->missing_imports()) labels.push_back(import->label);
    // The last is what the driver library's stack cookies call, which the test's host lacks too.
    EXPECT_THAT(labels, UnorderedElementsAre("ntoskrnl.exe!NotThere", "ntoskrnl.exe!AlsoNotThere",
                                             "ntoskrnl.exe!KeBugCheckEx"));
    const auto sample = start(*image);
    verifier::install_fault_rule();
    missing_import_called = [](const MissingImport& import, std::uint64_t caller,
                               std::uint64_t) -> std::uint64_t {
        called = {import.label, caller};
        return 7;
    };
    EXPECT_EQ(as<std::uint64_t WIN64(int)>(sample.call_missing)(1), 7u);
    EXPECT_EQ(called.label, "ntoskrnl.exe!NotThere");
    EXPECT_LT(called.caller - number(sample.call_missing), 100u);
}

TEST(PeSymbols, FunctionFileAndLineByDwarf) {
    const auto* const image = load();
    const auto sample = start(*image);
    const auto place = find_place(number(sample.add_by_host), CodeAddress::instruction);
    EXPECT_TRUE(place.driver);
    EXPECT_EQ(place.module, "loader_sample");
    ASSERT_FALSE(place.lines.empty());
    EXPECT_EQ(place.lines[0].function, "AddByHost");
    EXPECT_THAT(place.lines[0].file, EndsWith("sample.cpp"));
    EXPECT_NE(place.lines[0].line, 0u);
}

TEST(PeImage, StackCookiesAndGuardedCallsAreMadeReady) {
    struct Guarded {
        std::uint64_t cookie;
        void* call_through;
        void* twice;
    } guarded{};
    const auto loaded = load_file(sys_path_of("loader_guarded"));
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto entry = (*loaded)->entry("DriverEntry");
    ASSERT_EQ(as<std::int32_t WIN64(Guarded*, void*)>(*entry)(&guarded, nullptr), 0);
    EXPECT_NE(guarded.cookie, 0u);
    EXPECT_NE(guarded.cookie, 0x00002B992DDFA232u) << "the linker's value is no secret";
    EXPECT_EQ(guarded.cookie >> 48, 0u);
    EXPECT_EQ(as<int WIN64(int)>(guarded.call_through)(20), 41);
}

}  // namespace
}  // namespace portico::loader::test::pe_test
