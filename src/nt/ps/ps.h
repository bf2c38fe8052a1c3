// Processes and threads as objects: the System process, the simulated client processes, and system threads
// that drivers make. PASSIVE_LEVEL unless said otherwise.
#pragma once

#include "nt/ke/ke.h"
#include "nt/ob/handle_table.h"
#include "nt/ob/ob.h"
#include "wdm.h"

struct _EPROCESS {
    DISPATCHER_HEADER Header;  // signalled when the process has ended
    portico::nt::ob::HandleTable handles;
    char name[32];
    HANDLE id;
    LONGLONG created_100ns;
    NTSTATUS exit_status;
    ULONG threads;     // that have not ended
    LONG locked_mdls;  // MDLs with pages of its memory locked
    bool system;
    bool administrator;  // what a client may open of devices with a security descriptor
    bool ended;
};

// A KTHREAD with a header of the object manager before it: what PETHREAD points to.
struct _ETHREAD {
    KTHREAD tcb;
    bool driver_made;  // by PsCreateSystemThread
};

namespace portico::nt::ps {

using Process = _EPROCESS;

// As after power-on: the System process alone. ob::reset() comes before it.
void reset();

extern _OBJECT_TYPE process_type;
extern _OBJECT_TYPE thread_type;

Process* system_process();
// The process of the thread that runs; the System process on an idle processor and outside the simulation.
// Any IRQL.
Process* current_process();

// A client of the simulated machine: a handle table of its own and memory in sim::user_range
// (mm::allocate_user). The caller holds a reference; null when the pool is exhausted. `name` is cut at 31
// characters.
Process* create_client_process(const char* name, bool administrator = false);
// Closes its handles, gives its memory back and drops the creator's reference, as when a process dies.
// Closing calls drivers: on a thread, unless none of its handles is a file.
void end_process(Process& process, NTSTATUS status);

// A thread of `process` in kernel mode, ready to run; *thread is referenced when `thread` is not null. `name`
// is a literal: the trace keeps it. STATUS_INSUFFICIENT_RESOURCES: no pool, or no stack is left
// (sim::fiber_limit). IRQL <= DISPATCH_LEVEL.
NTSTATUS create_thread(Process& process, const char* name, PKSTART_ROUTINE start, void* context,
                       PETHREAD* thread);

// By PsCreateSystemThread.
bool made_by_driver(const KTHREAD& thread);

// Runs what follows as a thread of `process` would: current_process() and previous mode. For client calls on
// a thread.
class Attach {
  public:
    Attach(Process& process, KPROCESSOR_MODE mode);
    ~Attach();
    Attach(const Attach&) = delete;
    Attach& operator=(const Attach&) = delete;

  private:
    KTHREAD* thread_;
    void* process_;
    KPROCESSOR_MODE mode_;
};

}  // namespace portico::nt::ps
