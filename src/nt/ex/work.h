// Work items and the system worker threads that run them.
#pragma once

#include "nt/ke/thread.h"
#include "nt/probes.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ex {

// Puts the item behind the others of its queue; a worker thread takes it out, then calls its routine. IRQL <=
// DISPATCH_LEVEL. An item that is queued already is told about and left where it is.
void queue_work_item(PWORK_QUEUE_ITEM item, ULONG queue);

// True while the item waits in a queue.
bool work_item_queued(const WORK_QUEUE_ITEM* item);

// A system worker thread.
bool runs_work_items(const KTHREAD& thread);

// Items whose routine lies in `image` and that still wait, as things left at unload.
void for_each_left_work_item(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                             void* context);

// An item lies in memory that is being freed: told about, and taken out of its queue.
void forget_work_items_in(std::uint64_t address, std::uint64_t size);

void reset_work();

}  // namespace portico::nt::ex
