// The kernel thread: its dispatcher header, what it waits for, its APCs and the mutexes it owns.
#pragma once

#include "sim/processor.h"
#include "wdm.h"

namespace portico::nt::ke {

constexpr unsigned wait_object_limit = 64;  // MAXIMUM_WAIT_OBJECTS

struct WaitBlock {
    LIST_ENTRY link;  // in the object's WaitListHead
    struct _KTHREAD* thread;
    DISPATCHER_HEADER* object;
    NTSTATUS key;  // what the wait returns when this object ends it
    bool any;
};

}  // namespace portico::nt::ke

struct _KTHREAD {
    DISPATCHER_HEADER Header;  // signalled when the thread has ended
    portico::sim::Thread thread;

    LIST_ENTRY mutants;  // KMUTANTs it owns
    portico::nt::ke::WaitBlock blocks[portico::nt::ke::wait_object_limit];
    unsigned wait_count;
    bool waiting;
    bool wait_alertable;
    KPROCESSOR_MODE wait_mode;
    bool wait_next;                // KeSetEvent(..., Wait = TRUE): still at DISPATCH_LEVEL
    portico::sim::Irql wait_irql;  // what it was before that
    NTSTATUS wait_status;
    KTIMER timer;  // time-out of its waits

    LIST_ENTRY kernel_apcs;
    LIST_ENTRY user_apcs;
    int critical_region_depth;  // normal kernel APCs off
    int guarded_region_depth;   // all kernel APCs off
    bool kernel_apc_in_progress;
    bool ending;  // takes no APCs any more
    bool alerted[2];

    KAFFINITY system_affinity;
    void* process;  // ps' process
    void(NTAPI* start)(void*);
    void* context;
    NTSTATUS exit_status;
    KPROCESSOR_MODE previous_mode;
    bool pooled;              // from ke's own table, not an object of ps
    LIST_ENTRY waiting_link;  // among the threads that wait
};

typedef struct _KTHREAD KTHREAD;
