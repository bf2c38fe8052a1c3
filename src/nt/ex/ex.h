// The executive's own room: what is not an object, an I/O request or memory mapping. Its parts have headers
// of their own (pool.h, work.h, fast_mutex.h, resource.h, slist.h, raise.h).
#pragma once

#include "nt/probes.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ex {

// As after power-on. Before every other room of the executive but ke: the pool is emptied here.
void reset();

// What the driver in `image` (a range of size 0: any) has left at unload: pool blocks, lookaside lists,
// resources, callback registrations, timers, and work items still queued.
void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context);

// The callback objects that Windows has from the start (\Callback\SetSystemTime, PowerState, ProcessorAdd):
// part of ob::reset().
void create_callbacks();

void reset_spin_locks();

}  // namespace portico::nt::ex
