// Buffers that a request brings along. METHOD_NEITHER gives the caller's own addresses: they are checked
// against the requestor's mode and copied once, and only the copy is looked at.
#pragma once

#include <cstddef>
#include <cstring>

#include "sim/address_map.h"
#include "wdm.h"

namespace portico::ks {

// May a caller in `mode` name these bytes? A kernel caller's addresses are its own affair.
inline bool accessible(KPROCESSOR_MODE mode, const void* address, std::size_t size) {
    if (mode == KernelMode) return true;
    const auto at = reinterpret_cast<std::uint64_t>(address);
    return size == 0 || (sim::user_range.contains(at) && size <= sim::user_range.end() - at);
}

// STATUS_ACCESS_VIOLATION when the caller may not name them, STATUS_DATATYPE_MISALIGNMENT when they are not
// aligned.
inline NTSTATUS copy_in(KPROCESSOR_MODE mode, void* to, const void* from, std::size_t size,
                        std::size_t alignment = 1) {
    if (reinterpret_cast<std::uintptr_t>(from) % alignment != 0) return STATUS_DATATYPE_MISALIGNMENT;
    if (!accessible(mode, from, size)) return STATUS_ACCESS_VIOLATION;
    if (size != 0) std::memcpy(to, from, size);
    return STATUS_SUCCESS;
}

inline NTSTATUS copy_out(KPROCESSOR_MODE mode, void* to, const void* from, std::size_t size) {
    if (!accessible(mode, to, size)) return STATUS_ACCESS_VIOLATION;
    if (size != 0) std::memcpy(to, from, size);
    return STATUS_SUCCESS;
}

}  // namespace portico::ks
