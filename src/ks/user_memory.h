// Buffers that a request brings along. METHOD_NEITHER gives the caller's own addresses: they are checked
// against the requestor's mode and copied once, and only the copy is looked at.
#pragma once

#include <cstddef>
#include <cstring>

#include "nt/mm/mm.h"
#include "wdm.h"

namespace portico::ks {

// May a caller in `mode` name these bytes? They must be there: memory that a client gave back is not. A
// kernel caller's addresses are its own affair, but for no address at all.
inline bool accessible(KPROCESSOR_MODE mode, const void* address, std::size_t size) {
    constexpr std::uintptr_t null_region = 64 * 1024;
    if (size == 0) return true;
    if (mode == KernelMode) return reinterpret_cast<std::uintptr_t>(address) >= null_region;
    return nt::mm::user_memory_valid(address, size);
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
