// The references that the driver took through exported functions, with where: what is left of them at unload.
// For nt/ob.
#pragma once

#include "nt/ob/header.h"

namespace portico::nt::ob {

// Beyond this many at a time, references count but their origins are not kept (docs/limits.md).
constexpr ULONG reference_limit = 8192;

void note_reference(Header& header, const void* frame);
// Forgets the newest one.
void note_dereference(Header& header);
void forget_references(Header& header);
void for_each_left_reference(const Header& header, sim::AddressRange image,
                             void (*visit)(const LeftBehind& left, void* context), void* context);
void for_each_left_handle(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                          void* context);
void reset_references();

}  // namespace portico::nt::ob
