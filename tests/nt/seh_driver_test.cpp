// Structured exceptions as drivers have them: the driver checks for itself (drivers/seh_checks.c), compiled
// as C and as C++, optimised and not.
#include <gtest/gtest.h>

#include <string>

#include "driver_checks.h"
#include "nt/findings.h"
#include "verifier/rules.h"

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

}  // namespace
