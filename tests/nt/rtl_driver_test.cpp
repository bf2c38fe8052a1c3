// The C run time, safe strings and intrinsics as drivers built from source use them: each driver checks for
// itself (drivers/*_body.h) and tells every result.
#include <map>

#include <gtest/gtest.h>

#include "drivers/rtl_checks.h"
#include "kernel.h"
#include "loader/loader.h"
#include "nt/findings.h"
#include "sim/bus.h"
#include "support/requires.h"

namespace {

using namespace portico;
using test::Kernel;

unsigned checked = 0;

void NTAPI tell(int holds, const char* file, int line, const char* text) {
    ++checked;
    if (holds == 0) ADD_FAILURE_AT(file, line) << text;
}

// Runs the driver's checks on a system thread; the number of those made.
unsigned run_driver(const std::string& name) {
    Kernel kernel;
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/" + name + ".so");
    EXPECT_TRUE(image.ok()) << image.error().message;
    if (!image.ok()) return 0;
    std::string missing;
    for (const auto& import : (*image)->missing_imports()) missing += import->name + " ";
    EXPECT_EQ(missing, "");
    const auto entry = (*image)->entry("DriverEntry");
    EXPECT_TRUE(entry.ok());
    RtlChecks checks{&tell};
    checked = 0;
    EXPECT_TRUE(kernel.run([&] {
        const auto driver_entry = reinterpret_cast<NTSTATUS(NTAPI*)(void*, void*)>(*entry);
        EXPECT_EQ(driver_entry(&checks, nullptr), STATUS_SUCCESS);
    }));
    EXPECT_EQ(nt::finding_count(), 0u);
    return checked;
}

TEST(RtlDriver, CRunTimeInC) {
    EXPECT_GE(run_driver("nt_crt_c"), 76u);
    REQUIRES("FLD-054");
}

TEST(RtlDriver, CRunTimeInCOptimised) {
    EXPECT_GE(run_driver("nt_crt_c_free"), 76u);
}

TEST(RtlDriver, CRunTimeInCxx) {
    EXPECT_GE(run_driver("nt_crt_cxx"), 82u);
    REQUIRES("FLD-054");
}

TEST(RtlDriver, KernelServicesInC) {
    EXPECT_GE(run_driver("nt_kernel_c"), 53u);
}

TEST(RtlDriver, KernelServicesInCOptimised) {
    EXPECT_GE(run_driver("nt_kernel_c_free"), 53u);
}

TEST(RtlDriver, SafeStringsAndIntegersInC) {
    EXPECT_GE(run_driver("nt_safe_c"), 55u);
}

TEST(RtlDriver, SafeStringsAndIntegersInCxx) {
    EXPECT_GE(run_driver("nt_safe_cxx"), 55u);
}

// Sixteen ports that keep what is written to them.
class Registers : public sim::BusDevice {
  public:
    std::uint32_t read(std::uint32_t offset, unsigned, Nanoseconds) override {
        ++accesses;
        return values[offset];
    }
    void write(std::uint32_t offset, unsigned, std::uint32_t value, Nanoseconds) override {
        ++accesses;
        values[offset] = value;
    }
    std::map<std::uint32_t, std::uint32_t> values;
    unsigned accesses = 0;
};

TEST(RtlDriver, IntrinsicsReachTheMachine) {
    Registers registers;
    sim::bus.reset();
    ASSERT_TRUE(sim::bus.claim_ports(0x300, 16, registers));
    EXPECT_GE(run_driver("nt_intrinsics"), 20u);
    EXPECT_EQ(registers.accesses, 18u);
    REQUIRES("FLD-054");
    REQUIRES("FLD-023");
    sim::bus.reset();
}

}  // namespace
