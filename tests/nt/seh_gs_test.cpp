// Exceptions that pass functions with stack cookies (/GS): their handlers see what Windows' would, and the
// run time that is linked into a .sys checks the cookie.
#include <gtest/gtest.h>

#include "drivers/gs_checks.h"
#include "kernel.h"
#include "loader/loader.h"
#include "nt/findings.h"
#include "verifier/rules.h"

namespace seh_gs_test {
namespace {

using namespace portico;
using test::Kernel;

void NTAPI tell_check(int holds, const char* file, int line, const char* text) {
    if (holds == 0) ADD_FAILURE_AT(file, line) << text;
}

class SehStackCookie : public ::testing::TestWithParam<int> {
  protected:
    bool run(int overrun) {
        verifier::install_fault_rule();
        const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/nt_gs_checks.sys");
        EXPECT_TRUE(image.ok()) << image.error().message;
        for (const auto& import : (*image)->missing_imports()) ADD_FAILURE() << "missing: " << import->name;
        const auto entry =
            reinterpret_cast<NTSTATUS(NTAPI*)(GsTest*, void*)>(*(*image)->entry("DriverEntry"));
        GsTest test{{tell_check}, GetParam(), overrun};
        bool returned = false;
        kernel_.start([&] {
            entry(&test, nullptr);
            returned = true;
        });
        kernel_.settle(millisecond_ns);
        return returned;
    }
    Kernel kernel_;
};

TEST_P(SehStackCookie, LetsExceptionsPass) {
    EXPECT_TRUE(run(0)) << (nt::bug_check() != nullptr ? nt::bug_check()->text : "");
    EXPECT_EQ(nt::bug_check(), nullptr);
}

TEST_P(SehStackCookie, OverwrittenStopsTheMachine) {
    EXPECT_FALSE(run(1));
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, 0xF7u) << nt::bug_check()->text;
}

INSTANTIATE_TEST_SUITE_P(All, SehStackCookie, ::testing::Values(0, 1, 2), [](const auto& one) {
    return std::string(one.param == 0 ? "Try" : one.param == 1 ? "TryWithFrameRegister" : "PassedFrame");
});

}  // namespace
}  // namespace seh_gs_test
