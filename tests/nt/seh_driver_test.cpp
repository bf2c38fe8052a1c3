// Structured exceptions as drivers have them: the driver checks for itself (drivers/seh_checks.c), compiled as C and as
// C++, optimised and not.
#include <gtest/gtest.h>

#include "drivers/rtl_checks.h"
#include "kernel.h"
#include "loader/loader.h"
#include "nt/findings.h"
#include "support/requires.h"
#include "verifier/rules.h"

namespace {

using namespace portico;
using test::Kernel;

unsigned checked = 0;

void NTAPI tell(int holds, const char* file, int line, const char* text) {
    ++checked;
    if (holds == 0) ADD_FAILURE_AT(file, line) << text;
}

// Runs the driver's checks on a system thread; the number of those made.
unsigned run_driver(const std::string& file) {
    Kernel kernel;
    verifier::install_fault_rule();
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/" + file);
    EXPECT_TRUE(image.ok()) << image.error().message;
    if (!image.ok()) return 0;
    for (const auto& import : (*image)->missing_imports()) ADD_FAILURE() << "missing: " << import->name;
    const auto entry = (*image)->entry("DriverEntry");
    EXPECT_TRUE(entry.ok());
    RtlChecks checks{&tell};
    checked = 0;
    EXPECT_TRUE(kernel.run([&] {
        const auto driver_entry = reinterpret_cast<NTSTATUS(NTAPI*)(void*, void*)>(*entry);
        EXPECT_EQ(driver_entry(&checks, nullptr), STATUS_SUCCESS);
    }));
    if (const auto* const stopped = nt::bug_check()) ADD_FAILURE() << stopped->text;
    return checked;
}

TEST(SehDriver, InC) {
    EXPECT_GE(run_driver("nt_seh_c_checked.so"), 40u);
}

TEST(SehDriver, InCOptimised) {
    EXPECT_GE(run_driver("nt_seh_c_free.so"), 40u);
}

TEST(SehDriver, InCxx) {
    EXPECT_GE(run_driver("nt_seh_cpp_checked.so"), 46u);
}

TEST(SehDriver, InCxxOptimised) {
    EXPECT_GE(run_driver("nt_seh_cpp_free.so"), 46u);
}

}  // namespace
