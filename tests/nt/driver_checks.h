// Drivers that check for themselves: CHECK() of drivers/rtl_checks.h ends up here.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "drivers/rtl_checks.h"
#include "kernel.h"
#include "loader/loader.h"

namespace portico::test {

inline unsigned checks_made = 0;

inline void NTAPI tell_check(int holds, const char* file, int line, const char* text) {
    ++checks_made;
    if (holds == 0) ADD_FAILURE_AT(file, line) << text;
}

// Runs the checks of a driver of the build ("nt_crt_c.so") on a system thread; the number of those made.
inline unsigned run_driver_checks(Kernel& kernel, const std::string& file) {
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/" + file);
    EXPECT_TRUE(image.ok()) << image.error().message;
    if (!image.ok()) return 0;
    for (const auto& import : (*image)->missing_imports()) ADD_FAILURE() << "missing: " << import->name;
    const auto entry = (*image)->entry("DriverEntry");
    EXPECT_TRUE(entry.ok());
    if (!entry.ok()) return 0;
    RtlChecks checks{&tell_check};
    checks_made = 0;
    EXPECT_TRUE(kernel.run([&] {
        const auto driver_entry = reinterpret_cast<NTSTATUS(NTAPI*)(void*, void*)>(*entry);
        EXPECT_EQ(driver_entry(&checks, nullptr), STATUS_SUCCESS);
    }));
    return checks_made;
}

}  // namespace portico::test
