#include "loader/symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host.h"

namespace portico::loader::test::symbols_test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::uint64_t caller, caller_of_caller;

void note_callers() {
    const auto* const frame = static_cast<std::uint64_t*>(__builtin_frame_address(0));  // of host_callback
    const auto* const outer = reinterpret_cast<std::uint64_t*>(*frame);
    caller = outer[1];
    caller_of_caller = reinterpret_cast<std::uint64_t*>(*outer)[1];
}

class Symbols : public ::testing::Test {
  protected:
    Sample call_back(Image* image) {
        const auto sample = start(*image);
        on_callback = note_callers;
        as<void WIN64()>(sample.call_back)();
        return sample;
    }

    static void expect_inlined_call(const Image& image, const Sample& sample) {
        const auto place = find_place(caller, CodeAddress::return_address);
        EXPECT_TRUE(place.driver);
        EXPECT_EQ(place.module, image.name());
        EXPECT_EQ(place.offset, caller - image.range().base);
        ASSERT_GE(place.lines.size(), 2u);
        EXPECT_EQ(place.lines[0].function, "Inlined");
        EXPECT_EQ(place.lines[0].line, static_cast<unsigned>(sample.line_of_inlined));
        EXPECT_THAT(place.lines[0].file, EndsWith("drivers/sample.cpp"));
        EXPECT_EQ(place.lines[1].function, "Inner::CThing::CallBack");
        EXPECT_EQ(place.lines[1].line, static_cast<unsigned>(sample.line_of_call_back));
        EXPECT_THAT(place.lines[1].file, EndsWith("drivers/sample.cpp"));
    }
};

TEST_F(Symbols, DriverFunctionsHaveClassFileAndLine) {
    auto* const image = *load_file(path_of("loader_sample"), options);
    const auto sample = call_back(image);
    expect_inlined_call(*image, sample);
    const auto outer = find_place(caller_of_caller, CodeAddress::return_address);
    ASSERT_EQ(outer.lines.size(), 1u);
    EXPECT_EQ(outer.lines[0].function, "CallBack");
    EXPECT_THAT(describe(outer),
                MatchesRegex("CallBack sample.cpp:[0-9]+ \\(loader_sample\\+0x[0-9a-f]+\\)"));
}

TEST_F(Symbols, MovedImagesAreFoundToo) {
    auto* const image = *load_file(path_of("loader_sample"), options);
    call_back(image);
    const auto bytes = twin_of(read_bytes(path_of("loader_sample")));
    auto* const twin = *load_memory(bytes, "twin", options);
    ASSERT_NE(twin->range().base, image->range().base);
    const auto sample = call_back(twin);
    EXPECT_TRUE(twin->contains(caller));
    expect_inlined_call(*twin, sample);
}

TEST_F(Symbols, ReturnAddressBelongsToTheCallBeforeIt) {
    auto* const image = *load_file(path_of("loader_sample"), options);
    const auto sample = call_back(image);
    const auto entry = number(sample.add_by_host);
    EXPECT_EQ(find_place(entry, CodeAddress::instruction).lines[0].function, "AddByHost");
    const auto before = find_place(entry, CodeAddress::return_address);
    EXPECT_TRUE(before.lines.empty() || before.lines[0].function != "AddByHost");
}

TEST_F(Symbols, HostFunctionsAreFound) {
    const auto place =
        find_place(number(reinterpret_cast<const void*>(&note_callers)), CodeAddress::instruction);
    EXPECT_FALSE(place.driver);
    ASSERT_FALSE(place.lines.empty());
    EXPECT_THAT(place.lines[0].function, HasSubstr("note_callers"));
    EXPECT_THAT(place.lines[0].function, HasSubstr("portico::loader::test::"));
    EXPECT_THAT(place.lines[0].file, EndsWith("symbols_test.cpp"));
    EXPECT_EQ(place.module, "test_loader");
}

TEST_F(Symbols, StubsHaveTheNameOfTheirImport) {
    auto* const image = *load_file(path_of("loader_sample"), options);
    const auto place = find_place(image->missing_imports()[0]->stub + 5, CodeAddress::instruction);
    EXPECT_TRUE(place.driver);
    ASSERT_EQ(place.lines.size(), 1u);
    EXPECT_EQ(place.lines[0].function, "NotThere");
    const auto code = find_place(image->missing_imports()[1]->code + 5, CodeAddress::instruction);
    ASSERT_EQ(code.lines.size(), 1u);
    EXPECT_EQ(code.lines[0].function, "AlsoNotThere");
}

TEST_F(Symbols, NothingIsSaidAboutNothing) {
    EXPECT_TRUE(find_place(0, CodeAddress::instruction).module.empty());
    EXPECT_TRUE(find_place(0, CodeAddress::return_address).lines.empty());
    EXPECT_EQ(describe(find_place(0x10, CodeAddress::instruction)), "(no code)");
    EXPECT_EQ(describe(find_place(sim::image_range.end() - 1, CodeAddress::instruction)), "(no code)");
}

TEST_F(Symbols, UnloadedImagesAreForgotten) {
    auto* const image = *load_file(path_of("loader_sample"), options);
    const auto sample = call_back(image);
    const auto address = number(sample.add_by_host);
    EXPECT_EQ(find_place(address, CodeAddress::instruction).module, "loader_sample");
    unload(image);
    EXPECT_TRUE(find_place(address, CodeAddress::instruction).module.empty());
}

}  // namespace
}  // namespace portico::loader::test::symbols_test
