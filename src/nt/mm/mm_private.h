// Shared by the files of nt/mm.
#pragma once

#include "nt/mm/mm.h"

namespace portico::nt::mm {

using sim::page_size;

// One byte of user memory has two addresses.
inline void* to_system_view(const void* user) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uint64_t>(user) - sim::user_range.base +
                                   sim::user_system_range.base);
}
inline void* to_user_view(const void* system) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uint64_t>(system) - sim::user_system_range.base +
                                   sim::user_range.base);
}

bool contiguous_valid(std::uint64_t address);
void reset_physical();
void reset_user();
void reset_sections();
void unmap_all(const ps::Process& process);  // its views of sections
void remember_locked(PMDL mdl, const void* frame);
void for_each_left_physical(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                            void* context);

}  // namespace portico::nt::mm
