// Structured exceptions as drivers have them: the driver checks for itself (drivers/seh_checks.c), compiled
// as C and as C++, optimised and not.
#include <gtest/gtest.h>

#include <string>

#include "driver_checks.h"
#include "nt/findings.h"
#include "verifier/rules.h"

namespace seh_driver_test {
namespace {

using namespace portico;
using test::Kernel;

unsigned run_driver(const std::string& file) {
    Kernel kernel;
    verifier::install_fault_rule();
    const unsigned made = test::run_driver_checks(kernel, file);
    if (const auto* const stopped = nt::bug_check()) ADD_FAILURE() << stopped->text;
    return made;
}

TEST(SehDriver, InC) {
    EXPECT_GE(run_driver("nt_seh_c_checked.so"), 40u);
}

TEST(SehDriver, InCOptimised) {
    EXPECT_GE(run_driver("nt_seh_c_free.so"), 40u);
}

TEST(SehDriver, InCxx) {
    EXPECT_GE(run_driver("nt_seh_cxx_checked.so"), 46u);
}

TEST(SehDriver, InCxxOptimised) {
    EXPECT_GE(run_driver("nt_seh_cxx_free.so"), 46u);
}

TEST(SehDriver, AsASysInC) {
    EXPECT_GE(run_driver("nt_seh_c_checked.sys"), 42u);
}

TEST(SehDriver, AsASysInCOptimised) {
    EXPECT_GE(run_driver("nt_seh_c_free.sys"), 42u);
}

TEST(SehDriver, AsASysInCxx) {
    EXPECT_GE(run_driver("nt_seh_cxx_checked.sys"), 47u);
}

TEST(SehDriver, AsASysInCxxOptimised) {
    EXPECT_GE(run_driver("nt_seh_cxx_free.sys"), 47u);
}

// ---- what no handler takes ----

struct Misdeed {
    const char* name;
    std::uint64_t number;
    std::uint32_t code;
    const char* text;
};

void PrintTo(const Misdeed& misdeed, std::ostream* out) {
    *out << misdeed.name;
}

const Misdeed misdeeds[] = {
    {"nobody", 0, KMODE_EXCEPTION_NOT_HANDLED, "no handler of the driver took it."},
    {"a DPC's, on the stack of a thread with a handler", 1, KMODE_EXCEPTION_NOT_HANDLED, "are not reached."},
    {"a bad system address", 2, PAGE_FAULT_IN_NONPAGED_AREA, "an address that is not there"},
    {"a bad address at DISPATCH_LEVEL", 3, DRIVER_IRQL_NOT_LESS_OR_EQUAL, "null pointer"},
    {"in a function of Portico that holds something", 4, DRIVER_IRQL_NOT_LESS_OR_EQUAL, "null pointer"},
    {"a filter that raises for ever", 5, KMODE_EXCEPTION_NOT_HANDLED, ""},
    {"an overwritten frame", 6, KMODE_EXCEPTION_NOT_HANDLED, "no handler of the driver took it"},
    {"going on with a stack that is none", 7, KMODE_EXCEPTION_NOT_HANDLED, "make no sense"},
};

class SehMisdeed : public ::testing::TestWithParam<Misdeed> {};

TEST_P(SehMisdeed, IsABugCheck) {
    Kernel kernel;
    verifier::install_fault_rule();
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/nt_seh_misdeeds.so");
    ASSERT_TRUE(image.ok()) << image.error().message;
    const auto entry = (*image)->entry("DriverEntry");
    ASSERT_TRUE(entry.ok());
    bool returned = false;
    kernel.start([&] {
        const auto driver_entry = reinterpret_cast<NTSTATUS(NTAPI*)(std::uint64_t, void*)>(*entry);
        driver_entry(GetParam().number, nullptr);
        returned = true;
    });
    kernel.settle(millisecond_ns);
    EXPECT_FALSE(returned);
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, GetParam().code);
    EXPECT_NE(std::string(nt::bug_check()->text).find(GetParam().text), std::string::npos)
        << nt::bug_check()->text;
}

INSTANTIATE_TEST_SUITE_P(All, SehMisdeed, ::testing::ValuesIn(misdeeds),
                         [](const auto& one) { return std::to_string(one.param.number); });

// ---- on whose thread ----

NTSTATUS(NTAPI* misdeed)(std::uint64_t, void*);

void NTAPI commit(void* number) {
    misdeed(reinterpret_cast<std::uint64_t>(number), nullptr);
}

void on_system_thread(std::uint64_t number) {
    HANDLE thread = nullptr;
    EXPECT_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, commit,
                                   reinterpret_cast<void*>(number)),
              STATUS_SUCCESS);
}

WORK_QUEUE_ITEM item;

void in_work_item(std::uint64_t number) {
    ExInitializeWorkItem(&item, commit, reinterpret_cast<void*>(number));
    ExQueueWorkItem(&item, DelayedWorkQueue);
}

struct Place {
    const char* name;
    void (*run)(std::uint64_t number);
    std::uint64_t misdeed;
    std::uint32_t code;
    std::uint32_t exception;
};

class SehThread : public ::testing::TestWithParam<Place> {};

TEST_P(SehThread, DecidesOnTheBugCheck) {
    const Place& place = GetParam();
    Kernel kernel;
    verifier::install_fault_rule();
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/nt_seh_misdeeds.so");
    ASSERT_TRUE(image.ok()) << image.error().message;
    misdeed = reinterpret_cast<NTSTATUS(NTAPI*)(std::uint64_t, void*)>(*(*image)->entry("DriverEntry"));
    kernel.start([&] { place.run(place.misdeed); });
    kernel.settle(millisecond_ns);
    const auto* const stopped = nt::bug_check();
    ASSERT_NE(stopped, nullptr);
    EXPECT_EQ(stopped->code, place.code);
    EXPECT_EQ(stopped->parameters[0], place.exception);
    if (place.code != SYSTEM_THREAD_EXCEPTION_NOT_HANDLED) return;
    const auto* const record = reinterpret_cast<const EXCEPTION_RECORD*>(stopped->parameters[2]);
    const auto* const context = reinterpret_cast<const CONTEXT*>(stopped->parameters[3]);
    ASSERT_TRUE(sim::stack_range.contains(record) && sim::stack_range.contains(context));
    EXPECT_EQ(static_cast<std::uint32_t>(record->ExceptionCode), place.exception);
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(record->ExceptionAddress), stopped->parameters[1]);
    if (place.exception == 0xC0000005) {
        EXPECT_EQ(context->Rip, stopped->parameters[1]);
        EXPECT_NE(std::string(stopped->text).find("through a null pointer, at 0x10"), std::string::npos)
            << stopped->text;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, SehThread,
    ::testing::Values(
        Place{"raised", on_system_thread, 0, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0xE0000001},
        Place{"fault", on_system_thread, 8, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0xC0000005},
        Place{"dpc", on_system_thread, 1, KMODE_EXCEPTION_NOT_HANDLED, 0xE0000001},
        Place{"work_item_raised", in_work_item, 0, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0xE0000001},
        Place{"work_item_fault", in_work_item, 8, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0xC0000005}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace seh_driver_test
