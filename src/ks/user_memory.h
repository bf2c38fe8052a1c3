// Buffers that a request brings along. METHOD_NEITHER gives the caller's own addresses: they are checked
// against the requestor's mode and copied once, and only the copy is looked at.
#pragma once

#include <cstddef>
#include <cstring>

#include "nt/mm/mm.h"
#include "wdm.h"

namespace portico::ks {

// Every byte is there; in the pool, in one block that is not freed. Any IRQL.
bool is_memory(const void* address, std::size_t size);

// A kernel caller's bytes. Those that are not there stop the machine (0x50), as touching them would; false
// also for no address at all, which is answered. `sender` is the IRP that named them, whose origin the bug
// check shows; null: the running thread's stack says who it was. Any IRQL.
bool kernel_accessible(const void* address, std::size_t size, PIRP sender = nullptr);

// May a caller in `mode` name these bytes? They must be there: memory that a client gave back is not.
inline bool accessible(KPROCESSOR_MODE mode, const void* address, std::size_t size, PIRP sender = nullptr) {
    if (size == 0) return true;
    if (mode == KernelMode) return kernel_accessible(address, size, sender);
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
