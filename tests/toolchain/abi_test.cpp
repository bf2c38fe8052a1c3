// Pins what clang's undocumented windows-msvc-elf target promises: a driver that was compiled by the tool
// chain is loaded and asked about itself, unoptimised and optimised.
#include <gtest/gtest.h>

#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <string>

#include <ucontext.h>

#include "base/check.h"
#include "loader/loader.h"
#include "support/requires.h"

#define PORTICO_TEST_HOST
#include "drivers/facts.h"

namespace portico::loader {
namespace {

class Abi : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        const auto loaded = load_file(std::string(PORTICO_BINARY_DIR "/drivers/facts_") + GetParam() + ".so");
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        image = *loaded;
        ASSERT_TRUE(image->missing_imports().empty()) << image->missing_imports()[0]->name;
        const auto entry = image->entry("DriverEntry");
        ASSERT_TRUE(entry.ok()) << entry.error().message;
        const auto driver_entry = reinterpret_cast<std::int32_t WIN64 (*)(Facts*, void*)>(*entry);
        ASSERT_EQ(driver_entry(&facts, nullptr), 0);
    }

    template <class Function>
    static Function* as(void* address) {
        return reinterpret_cast<Function*>(address);
    }
    static std::uint64_t number(const void* address) { return reinterpret_cast<std::uint64_t>(address); }

    Image* image = nullptr;
    Facts facts{};
};

TEST_P(Abi, TypesAndMacrosAreMicrosofts) {
    REQUIRES("FLD-051");
    EXPECT_EQ(facts.size_of_long, 4u);
    EXPECT_EQ(facts.size_of_wchar, 2u);
    EXPECT_EQ(facts.size_of_pointer, 8u);
    EXPECT_EQ(facts.size_of_long_double, 8u);
    EXPECT_EQ(facts.msc_ver, 1900u);
    EXPECT_EQ(facts.is_kernel_mode, 1u);
    EXPECT_TRUE(facts.is_amd64);
    EXPECT_TRUE(facts.is_win64);
    EXPECT_EQ(facts.gnuc, 0u);
    EXPECT_EQ(facts.dbg, GetParam() == "checked" ? 1u : 0u);
    EXPECT_EQ(image->checked(), GetParam() == "checked");
    EXPECT_EQ(std::u16string(facts.wide), u"w\u00e4");
    EXPECT_EQ(std::u16string(as<const char16_t * WIN64()>(facts.c_string)()), u"c");
}

TEST_P(Abi, StructuresAreLaidOutAsMsvcDoes) {
    EXPECT_EQ(facts.mixed_offsets[0], 8u);
    EXPECT_EQ(facts.mixed_offsets[1], 16u);
    EXPECT_EQ(facts.mixed_offsets[2], 20u);
    EXPECT_EQ(facts.mixed_offsets[3], 24u);
    EXPECT_EQ(facts.bit_field_bytes, 8u) << "a bit field of another type starts its own unit";
    EXPECT_EQ(facts.empty_base_offset, 0u);
    EXPECT_EQ(facts.second_base_offset, 8u);
    EXPECT_EQ(facts.member_offset, 16u);
}

TEST_P(Abi, VftablesHaveMicrosoftsOrderAndCallingConvention) {
    using Method = std::int32_t WIN64(void*, std::int32_t);
    const auto first = *static_cast<Method***>(facts.object);
    EXPECT_EQ(first[0](facts.object, 10), 15);
    EXPECT_EQ(first[1](facts.object, 3), 12);
    const auto second = *static_cast<Method***>(facts.second_interface);
    // Overloads stand in reverse order of declaration in a vftable of Microsoft's.
    EXPECT_EQ(second[0](facts.second_interface, 1), 2001);
    EXPECT_EQ(second[1](facts.second_interface, 1), 1001);
    EXPECT_EQ(second[2](facts.second_interface, 0), 12);
    EXPECT_EQ(image->section_at(number(first))->kind, SectionKind::constant) << "a vftable is not writable";
}

TEST_P(Abi, MethodReturnsStructuresThroughAHiddenPointer) {
    const auto returner = as<EightBytes * WIN64(void*, EightBytes*, std::int32_t)>(facts.struct_returner);
    EightBytes result{};
    EXPECT_EQ(returner(facts.object, &result, 7), &result);
    EXPECT_EQ(result.quad, 5007);
}

TEST_P(Abi, PageAndInitCodeStandOnPagesOfTheirOwn) {
    EXPECT_TRUE(image->is_paged_code(number(facts.paged)));
    EXPECT_TRUE(image->is_paged_code(number(facts.alloc_text_paged)));
    EXPECT_TRUE(image->is_init_code(number(facts.initial)));
    EXPECT_FALSE(image->is_paged_code(number(facts.not_paged)));
    EXPECT_EQ(as<int WIN64(int)>(facts.paged)(1), 2);
    EXPECT_EQ(as<int WIN64(int)>(facts.initial)(1), 3) << "a mangled name is bound across objects";
    EXPECT_EQ(as<int WIN64(int)>(facts.alloc_text_paged)(4), 8);
    EXPECT_EQ(*static_cast<int*>(facts.paged_data), 77);
    EXPECT_EQ(image->section_at(number(facts.paged_data))->kind, SectionKind::paged_data);
    for (const auto* address : {facts.paged, facts.initial, facts.paged_data}) {
        const auto range = image->section_at(number(address))->range;
        EXPECT_EQ(range.base % sim::page_size, 0u);
        EXPECT_EQ(range.size % sim::page_size, 0u);
    }
}

TEST_P(Abi, LargeFramesGoThroughChkstk) {
    EXPECT_EQ(as<int WIN64(int)>(facts.big_stack)(42), 42);
}

TEST_P(Abi, OptimiserKeepsMsvcsMeaning) {
    EXPECT_EQ(as<int WIN64(int)>(facts.overflow)(INT32_MAX), 1) << "-fwrapv";
    EXPECT_EQ(as<std::int32_t WIN64(void*)>(facts.null_this)(nullptr), -1)
        << "-fno-delete-null-pointer-checks";
    int cell = 0;
    EXPECT_EQ(as<int WIN64(int*, float*)>(facts.aliased)(&cell, reinterpret_cast<float*>(&cell)), 0x40000000)
        << "-fno-strict-aliasing";
    REQUIRES("FLD-052");
}

// Runs a loop over `flag` in single steps. True when it ended by itself; it is left by force after so many
// steps.
constexpr int steps_until_set = 2000, steps_max = 20000;
int steps;
bool set_it;
volatile bool flag, done;
sigjmp_buf out_of_the_loop;

void on_step(int, siginfo_t*, void* context) {
    constexpr greg_t trap_flag = 0x100;
    auto& flags = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
    if (++steps == steps_until_set && set_it) flag = true;
    flags = done ? flags & ~trap_flag : flags | trap_flag;
    if (steps > steps_max) siglongjmp(out_of_the_loop, 1);
}

bool loop_ends(void* loop, bool set_the_flag) {
    struct sigaction action {};
    action.sa_sigaction = on_step;
    action.sa_flags = SA_SIGINFO;
    PORTICO_CHECK(sigaction(SIGTRAP, &action, nullptr) == 0);
    steps = 0;
    set_it = set_the_flag;
    flag = false;
    done = false;
    const auto spin = reinterpret_cast<void WIN64 (*)(const volatile bool*)>(loop);
    if (sigsetjmp(out_of_the_loop, 1) != 0) return false;
    raise(SIGTRAP);
    spin(&flag);
    done = true;
    return true;
}

TEST_P(Abi, EmptyLoopOnAFlagStaysALoop) {
    EXPECT_TRUE(loop_ends(facts.spin, true)) << "a volatile flag is read in every turn";
    EXPECT_FALSE(loop_ends(facts.spin, false));
    EXPECT_FALSE(loop_ends(facts.spin_plain, false)) << "-fno-finite-loops";
    REQUIRES("FLD-052");
}

INSTANTIATE_TEST_SUITE_P(Configurations, Abi, ::testing::Values("checked", "free"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace portico::loader
