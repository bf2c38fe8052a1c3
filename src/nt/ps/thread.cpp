// Threads as objects.
#include "nt/ex/pool.h"
#include "nt/ps/ps.h"

namespace portico::nt::ps {

void reset_processes();

namespace {

// Stacks that the kernel's own threads, the idle loops among them, may take.
constexpr std::size_t kernel_stacks = 80;
std::size_t threads_alive = 0;
constexpr std::size_t alive_limit_least = 16;

constexpr GENERIC_MAPPING thread_mapping{STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT | 0x40,
                                         STANDARD_RIGHTS_WRITE | THREAD_TERMINATE | THREAD_SUSPEND_RESUME |
                                             THREAD_ALERT | THREAD_SET_INFORMATION | THREAD_SET_CONTEXT,
                                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, THREAD_ALL_ACCESS};

std::size_t thread_limit() {
    const std::size_t stacks = sim::fiber_limit();
    return stacks > kernel_stacks + alive_limit_least ? stacks - kernel_stacks : alive_limit_least;
}

Process& process_of(KTHREAD& thread) {
    return *static_cast<Process*>(thread.process);
}

void remove_thread(void* body) {
    auto& thread = *static_cast<PETHREAD>(body);
    if (thread.tcb.process != nullptr) ob::dereference(&process_of(thread.tcb));
}

// Still on the thread's stack: its own reference goes, and with the last one the object, later.
void ended(KTHREAD& thread) {
    --threads_alive;
    --process_of(thread).threads;
    ob::dereference(&thread);
}

// A thread that has not started, with one reference: its own.
PETHREAD make_thread(Process& process, const char* name, PKSTART_ROUTINE start, void* context,
                     const void* frame) {
    if (threads_alive >= thread_limit()) return nullptr;
    void* const body = frame == nullptr ? ob::allocate(&thread_type, sizeof(_ETHREAD))
                                        : ob::allocate(&thread_type, sizeof(_ETHREAD), frame);
    auto* const thread = static_cast<PETHREAD>(body);
    if (thread == nullptr) return nullptr;
    ke::initialize_thread(thread->tcb, name, start, context);
    thread->tcb.process = &process;
    ob::reference(&process);
    ++process.threads;
    ++threads_alive;
    return thread;
}

void start(PETHREAD thread) {
    ke::start_thread(thread->tcb);
}

// Undoes make_thread().
void forget(PETHREAD thread) {
    --threads_alive;
    --process_of(thread->tcb).threads;
    ob::dereference(thread);
}

NTSTATUS create_system_thread(PHANDLE handle, ACCESS_MASK desired, const OBJECT_ATTRIBUTES* attributes,
                              HANDLE process_handle, PCLIENT_ID client_id, PKSTART_ROUTINE routine,
                              void* context, const void* frame) {
    void* process = system_process();
    if (process_handle != nullptr) {
        const NTSTATUS status = ob::reference_handle(process_handle, 0, &process_type, KernelMode, &process);
        if (!NT_SUCCESS(status)) return status;
    } else {
        ob::reference(process);
    }
    PETHREAD const thread =
        make_thread(*static_cast<Process*>(process), "driver thread", routine, context, frame);
    ob::dereference(process);
    if (thread == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    thread->driver_made = true;
    ACCESS_MASK granted = 0;
    NTSTATUS status = ob::map_access(&thread_type, desired, KernelMode, &granted);
    const ULONG bits = attributes == nullptr ? 0 : attributes->Attributes;
    if (NT_SUCCESS(status)) status = ob::insert_handle(thread, granted, bits, KernelMode, frame, handle);
    if (!NT_SUCCESS(status)) {
        forget(thread);
        return status;
    }
    if (client_id != nullptr) {
        *client_id = {static_cast<Process*>(process)->id,
                      reinterpret_cast<HANDLE>(std::uint64_t{thread->tcb.thread.id})};
    }
    start(thread);
    return STATUS_SUCCESS;
}

HANDLE id_of(const KTHREAD& thread) {
    return reinterpret_cast<HANDLE>(std::uint64_t{thread.thread.id});
}

}  // namespace

_OBJECT_TYPE thread_type{{.name = "Thread",
                          .tag = 'erhT',
                          .valid_access = THREAD_ALL_ACCESS,
                          .mapping = thread_mapping,
                          .remove = remove_thread,
                          .wait_offset = 0}};

void reset() {
    threads_alive = 0;
    process_type.objects = process_type.handles = thread_type.objects = thread_type.handles = 0;
    ke::thread_ended = ended;
    reset_processes();
    PsInitialSystemProcess = system_process();
}

NTSTATUS create_thread(Process& process, const char* name, PKSTART_ROUTINE routine, void* context,
                       PETHREAD* thread) {
    PETHREAD const made = make_thread(process, name, routine, context, nullptr);
    if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    if (thread != nullptr) {
        ob::reference(made);
        *thread = made;
    }
    start(made);
    return STATUS_SUCCESS;
}

bool made_by_driver(const KTHREAD& thread) {
    return ob::is_object(&thread) && reinterpret_cast<const _ETHREAD&>(thread).driver_made;
}

}  // namespace portico::nt::ps

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext) {
    DDI(PsCreateSystemThread, PASSIVE_LEVEL);
    return ps::create_system_thread(ThreadHandle, DesiredAccess, ObjectAttributes, ProcessHandle, ClientId,
                                    StartRoutine, StartContext, __builtin_frame_address(0));
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus) {
    DDI(PsTerminateSystemThread, PASSIVE_LEVEL);
    KTHREAD* const thread = ke::current_thread();
    if (!ps::made_by_driver(*thread)) return STATUS_INVALID_PARAMETER;
    ke::exit_current_thread(ExitStatus);
}

PETHREAD NTAPI PsGetCurrentThread() {
    DDI(PsGetCurrentThread, HIGH_LEVEL);
    return reinterpret_cast<PETHREAD>(ke::current_thread());
}

HANDLE NTAPI PsGetCurrentThreadId() {
    DDI(PsGetCurrentThreadId, HIGH_LEVEL);
    return ps::id_of(*ke::current_thread());
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread) {
    DDI(PsGetThreadId, HIGH_LEVEL);
    return ps::id_of(Thread->tcb);
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread) {
    DDI(PsIsSystemThread, HIGH_LEVEL);
    const auto* const process = static_cast<const ps::Process*>(Thread->tcb.process);
    return process == nullptr || process->system;
}

BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread) {
    DDI(PsIsThreadTerminating, HIGH_LEVEL);
    return Thread->tcb.Header.SignalState != 0;
}

// Declared by ntifs.h on Windows; exported for drivers that declare them themselves.
NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread) {
    DDI(PsLookupThreadByThreadId, APC_LEVEL);
    void* const body = ob::find_object(
        &ps::thread_type,
        [](void* thread, void* id) {
            const auto& tcb = static_cast<PETHREAD>(thread)->tcb;
            return ps::id_of(tcb) == id && tcb.Header.SignalState == 0;
        },
        ThreadId);
    if (body == nullptr) return STATUS_INVALID_CID;  // since Windows Vista; the page still says otherwise
    ob::reference_for_driver(body, __builtin_frame_address(0));
    *Thread = static_cast<PETHREAD>(body);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process) {
    DDI(PsLookupProcessByProcessId, APC_LEVEL);
    void* const body = ob::find_object(
        &ps::process_type,
        [](void* process, void* id) {
            const auto& candidate = *static_cast<PEPROCESS>(process);
            return candidate.id == id && !candidate.ended;
        },
        ProcessId);
    if (body == nullptr) return STATUS_INVALID_PARAMETER;
    ob::reference_for_driver(body, __builtin_frame_address(0));
    *Process = static_cast<PEPROCESS>(body);
    return STATUS_SUCCESS;
}

// Windows 10, as wdm.h's default NTDDI_VERSION; FALSE: a free build.
BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion) {
    DDI(PsGetVersion, PASSIVE_LEVEL);
    if (MajorVersion != nullptr) *MajorVersion = 10;
    if (MinorVersion != nullptr) *MinorVersion = 0;
    if (BuildNumber != nullptr) *BuildNumber = 22000;
    if (CSDVersion != nullptr) CSDVersion->Length = 0;
    return FALSE;
}

}  // extern "C"

namespace {
// Each exported name is a cell that holds the address of the kernel's variable (ddi/ob.h).
POBJECT_TYPE thread_variable = &portico::nt::ps::thread_type;
POBJECT_TYPE process_variable = &portico::nt::ps::process_type;
}  // namespace

extern "C" {
POBJECT_TYPE* PsThreadType = &thread_variable;
POBJECT_TYPE* PsProcessType = &process_variable;
}

EXPORT(PsThreadType, PsThreadType);
EXPORT(PsProcessType, PsProcessType);
