// What drivers wrote to the system's event log.
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "wdm.h"

namespace portico::nt::io {

struct ErrorLogRecord {
    Nanoseconds at_ns = 0;
    char source[32] = {};            // the driver's or device's name, cut off
    NTSTATUS code = STATUS_SUCCESS;  // ErrorCode
    NTSTATUS final_status = STATUS_SUCCESS;
    ULONG unique_value = 0;
    UCHAR major_function = 0;
    ULONG dump_size = 0;  // bytes of dump[]
    std::array<UCHAR, 40> dump{};
    WCHAR strings[64] = {};  // insertion strings, cut off
};

constexpr unsigned error_log_limit = 64;

// Records since the machine's reset, in order. Beyond the limit they are counted, not kept.
unsigned error_log_count();
const ErrorLogRecord& error_log_at(unsigned index);
std::uint64_t error_log_dropped();
void reset_error_log();

}  // namespace portico::nt::io
