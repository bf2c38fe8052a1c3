// What drivers initialise in their own memory and must delete before they free it or unload: lookaside lists,
// resources, callback registrations, timers. Kept by address with where it was made.
#pragma once

#include "nt/findings.h"
#include "nt/probes.h"
#include "sim/address_map.h"

namespace portico::nt::ex {

// Of the pool blocks that Portico makes of them.
constexpr ULONG timer_tag = 'TxE ';
constexpr ULONG callback_tag = 'RBxE';

enum class TrackedKind : std::uint8_t { lookaside_list, resource, callback_registration, timer };

// Beyond this many at a time, further ones are not tracked (docs/limits.md): from then on, nothing is said of
// one that is not known, and it counts as tracked.
constexpr unsigned tracked_limit = 4096;

// Also again for the same address: its origin is then the new one.
void track(TrackedKind kind, const void* address, std::uint32_t size, std::uint32_t tag, const void* frame);
// False when it was not tracked.
bool untrack(TrackedKind kind, const void* address);
bool is_tracked(TrackedKind kind, const void* address);

// Memory is being freed that still holds one: told about (0xC4), and forgotten.
void forget_tracked_in(std::uint64_t address, std::uint64_t size);

void for_each_left_tracked(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                           void* context);

void reset_tracked();

}  // namespace portico::nt::ex
