// I/O work items that wait in a queue, for the rules at unload.
#pragma once

#include "nt/findings.h"

namespace portico::nt::io {

struct QueuedWorkItem {
    const void* item;
    const void* routine;
    const Origin& made;
};

void reset_work_items();
void for_each_queued_work_item(void (*visit)(const QueuedWorkItem& item, void* context), void* context);

}  // namespace portico::nt::io
