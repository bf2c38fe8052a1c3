// The C run time, safe strings and intrinsics as drivers built from source use them: each driver checks for
// itself (drivers/*_body.h) and tells every result.
#include <map>

#include <gtest/gtest.h>

#include "driver_checks.h"
#include "nt/findings.h"
#include "nt/io/volume.h"
#include "sim/bus.h"
#include "support/requires.h"

namespace rtl_driver_test {
namespace {

using namespace portico;
using test::Kernel;

unsigned run_driver(const std::string& name) {
    Kernel kernel;
    EXPECT_EQ(nt::io::add_volume_file(u"\\Windows\\System32\\drivers\\notes.bin", "0123456789", 10),
              STATUS_SUCCESS);
    const unsigned made = test::run_driver_checks(kernel, name + ".so");
    EXPECT_EQ(nt::finding_count(), 0u);
    return made;
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
    EXPECT_GE(run_driver("nt_safe_c"), 60u);
}

TEST(RtlDriver, SafeStringsAndIntegersInCxx) {
    EXPECT_GE(run_driver("nt_safe_cxx"), 60u);
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

void run_surface(const std::string& name) {
    Registers registers;
    sim::bus.reset();
    ASSERT_TRUE(sim::bus.claim_ports(0x300, 16, registers));
    EXPECT_GE(run_driver(name), 81u);
    EXPECT_EQ(registers.accesses, 2u);
    sim::bus.reset();
}

TEST(RtlDriver, WhatPublishedDriversCallOfTheKernel) {
    run_surface("nt_surface_kernel");
    REQUIRES("FLD-054");
}

TEST(RtlDriver, WhatPublishedDriversCallOfTheKernelOptimised) {
    run_surface("nt_surface_kernel_free");
}

}  // namespace
}  // namespace rtl_driver_test
