// The inside of KDEVICE_QUEUE, for StartIo.
#pragma once

#include "wdm.h"

namespace portico::nt::io {

void initialize_queue(PKDEVICE_QUEUE queue);
// False: the queue was idle; it is busy now and the entry is the one to be served.
bool insert_entry(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry);
bool insert_entry_by_key(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key);
// Null: the queue is empty and idle from now on.
PKDEVICE_QUEUE_ENTRY remove_entry(PKDEVICE_QUEUE queue);
PKDEVICE_QUEUE_ENTRY remove_entry_by_key(PKDEVICE_QUEUE queue, ULONG key);
// False: it was not in its queue.
bool remove_this(PKDEVICE_QUEUE_ENTRY entry);

}  // namespace portico::nt::io
