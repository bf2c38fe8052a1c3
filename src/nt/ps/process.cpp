// Processes: the System process and simulated clients.
#include <cstring>

#include "base/check.h"
#include "nt/mm/mm.h"
#include "nt/ps/ps.h"

namespace portico::nt::ps {
namespace {

constexpr UCHAR process_object = 3;  // DISPATCHER_HEADER::Type
constexpr std::uint64_t first_client_id = 0x1000;

Process* system = nullptr;
std::uint64_t next_client_id = first_client_id;

constexpr GENERIC_MAPPING process_mapping{STANDARD_RIGHTS_READ | 0x0410, STANDARD_RIGHTS_WRITE | 0x0BEA,
                                          STANDARD_RIGHTS_EXECUTE | 0x101000, PROCESS_ALL_ACCESS};

Process* make_process(const char* name, HANDLE id) {
    auto* const process = static_cast<Process*>(ob::allocate(&process_type, sizeof(Process)));
    if (process == nullptr) return nullptr;
    process->Header.Type = process_object;
    InitializeListHead(&process->Header.WaitListHead);
    std::strncpy(process->name, name, sizeof process->name - 1);
    process->id = id;
    process->created_100ns = ke::system_time_100ns();
    process->exit_status = STATUS_PENDING;
    return process;
}

}  // namespace

_OBJECT_TYPE process_type{{.name = "Process",
                           .tag = 'corP',
                           .valid_access = PROCESS_ALL_ACCESS,
                           .mapping = process_mapping,
                           .wait_offset = 0}};

void reset_processes() {
    next_client_id = first_client_id;
    system = make_process("System", reinterpret_cast<HANDLE>(std::uint64_t{4}));
    PORTICO_CHECK(system != nullptr);
    system->system = system->administrator = true;
}

Process* system_process() {
    return system;
}

Process* current_process() {
    auto* const process = static_cast<Process*>(ke::current_thread()->process);
    return process != nullptr ? process : system;
}

Process* create_client_process(const char* name, bool administrator) {
    Process* const process = make_process(name, reinterpret_cast<HANDLE>(next_client_id));
    if (process == nullptr) return nullptr;
    next_client_id += 4;
    process->administrator = administrator;
    return process;
}

void end_process(Process& process, NTSTATUS status) {
    if (process.ended) return;
    process.ended = true;
    {
        Attach attach(process, KernelMode);
        ob::close_all(process.handles);
    }
    if (process.locked_mdls > 0) {
        PORTICO_PROBE(object_misuse, PROCESS_HAS_LOCKED_PAGES, &process,
                      "A process ended while the driver had pages of its memory locked.");
    }
    mm::free_all_user(process);
    process.exit_status = status;
    process.Header.SignalState = 1;
    ke::signal_waiters(&process.Header);
    ob::dereference(&process);
}

Attach::Attach(Process& process, KPROCESSOR_MODE mode)
    : thread_(ke::current_thread()), process_(thread_->process), mode_(thread_->previous_mode) {
    thread_->process = &process;
    thread_->previous_mode = mode;
}

Attach::~Attach() {
    thread_->process = process_;
    thread_->previous_mode = mode_;
}

}  // namespace portico::nt::ps

using namespace portico::nt;

extern "C" {

PEPROCESS PsInitialSystemProcess = nullptr;

HANDLE NTAPI PsGetCurrentProcessId() {
    DDI(PsGetCurrentProcessId, HIGH_LEVEL);
    return ps::current_process()->id;
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process) {
    DDI(PsGetProcessId, HIGH_LEVEL);
    return Process->id;
}

PEPROCESS NTAPI PsGetCurrentProcess() {
    DDI(PsGetCurrentProcess, HIGH_LEVEL);
    return ps::current_process();
}

PEPROCESS NTAPI IoGetCurrentProcess() {
    DDI(IoGetCurrentProcess, HIGH_LEVEL);
    return ps::current_process();
}

LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process) {
    DDI(PsGetProcessCreateTimeQuadPart, HIGH_LEVEL);
    return Process->created_100ns;
}

}  // extern "C"

EXPORT(PsInitialSystemProcess, PsInitialSystemProcess);
