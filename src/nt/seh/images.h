// What unwinding knows of driver images. Whoever loads them answers.
#pragma once

#include "nt/seh/cfi.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::seh {

struct UnwindImage {
    sim::AddressRange range{};
    // A .sys: its .pdata, in order of address. Null for a .so.
    const RUNTIME_FUNCTION* functions = nullptr;
    std::uint32_t function_count = 0;
    bool tables = false;  // a .sys, which may have no .pdata
    // A .so: what holds .eh_frame and .eh_frame_hdr. Empty when it has none.
    CfiModule cfi{};
    // These bytes of the image can be read.
    bool (*readable)(std::uint64_t address, std::uint64_t size) = nullptr;
};

// Fills in the image that holds the address; false when none does. Null: there are no images.
extern bool (*image_at)(std::uint64_t address, UnwindImage& image);

}  // namespace portico::nt::seh
