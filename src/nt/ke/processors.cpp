// The processors as drivers see them: numbers, affinities, groups (there is one), broadcasts, caches.
#include "nt/ke/ke.h"

using namespace portico::nt;

namespace {

KAFFINITY active_processors() {
    return (KAFFINITY{1} << portico::sim::scheduler.processor_count) - 1;
}

// 0 stands for "as the thread itself wants", which is everywhere.
KAFFINITY change_affinity(KAFFINITY affinity) {
    KTHREAD& thread = *ke::current_thread();
    const KAFFINITY before = thread.system_affinity;
    thread.system_affinity = affinity;
    portico::sim::scheduler.set_affinity(thread.thread,
                                         affinity == 0 ? ~0u : static_cast<std::uint32_t>(affinity));
    return before;
}

// What names no processor that is there changes nothing.
KAFFINITY set_affinity(KAFFINITY affinity) {
    const KAFFINITY there = affinity & active_processors();
    return there == 0 ? 0 : change_affinity(there);
}

void revert_affinity(KAFFINITY affinity) {
    const KAFFINITY there = affinity & active_processors();
    if (affinity == 0 || there != 0) change_affinity(there);
}

}  // namespace

extern "C" {

volatile CCHAR KeNumberProcessors = 2;

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity) {
    DDI(KeSetSystemAffinityThreadEx, DISPATCH_LEVEL);
    return set_affinity(Affinity);
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity) {
    DDI(KeSetSystemAffinityThread, DISPATCH_LEVEL);
    set_affinity(Affinity);
}

VOID NTAPI KeRevertToUserAffinityThread() {
    DDI(KeRevertToUserAffinityThread, DISPATCH_LEVEL);
    revert_affinity(0);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity) {
    DDI(KeRevertToUserAffinityThreadEx, DISPATCH_LEVEL);
    revert_affinity(Affinity);
}

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity) {
    DDI(KeSetSystemGroupAffinityThread, DISPATCH_LEVEL);
    const KAFFINITY before = Affinity->Group == 0 ? set_affinity(Affinity->Mask) : 0;
    if (PreviousAffinity != nullptr) *PreviousAffinity = GROUP_AFFINITY{before, 0, {}};
}

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity) {
    DDI(KeRevertToUserGroupAffinityThread, DISPATCH_LEVEL);
    revert_affinity(PreviousAffinity->Mask);
}

ULONG NTAPI KeGetCurrentProcessorNumber() {
    DDI(KeGetCurrentProcessorNumber, HIGH_LEVEL);
    return portico::sim::this_processor->index;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber) {
    DDI(KeGetCurrentProcessorNumberEx, HIGH_LEVEL);
    const auto index = portico::sim::this_processor->index;
    if (ProcNumber != nullptr) *ProcNumber = {0, index, 0};
    return index;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber) {
    DDI(KeGetProcessorNumberFromIndex, HIGH_LEVEL);
    if (ProcIndex >= portico::sim::scheduler.processor_count) return STATUS_INVALID_PARAMETER;
    *ProcNumber = {0, static_cast<UCHAR>(ProcIndex), 0};
    return STATUS_SUCCESS;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber) {
    DDI(KeGetProcessorIndexFromNumber, HIGH_LEVEL);
    const bool valid = ProcNumber->Group == 0 && ProcNumber->Number < portico::sim::scheduler.processor_count;
    return valid ? ProcNumber->Number : ~0u;
}

KAFFINITY NTAPI KeQueryActiveProcessors() {
    DDI(KeQueryActiveProcessors, DISPATCH_LEVEL);
    return active_processors();
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber) {
    DDI(KeQueryGroupAffinity, HIGH_LEVEL);
    return GroupNumber == 0 ? active_processors() : 0;
}

USHORT NTAPI KeQueryActiveGroupCount() {
    DDI(KeQueryActiveGroupCount, HIGH_LEVEL);
    return 1;
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
    DDI(KeQueryActiveProcessorCount, DISPATCH_LEVEL);
    if (ActiveProcessors != nullptr) *ActiveProcessors = active_processors();
    return portico::sim::scheduler.processor_count;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber) {
    DDI(KeQueryActiveProcessorCountEx, HIGH_LEVEL);
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? portico::sim::scheduler.processor_count
                                                                   : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount() {
    DDI(KeQueryMaximumProcessorCount, HIGH_LEVEL);
    return portico::sim::scheduler.processor_count;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber) {
    DDI(KeQueryMaximumProcessorCountEx, HIGH_LEVEL);
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? portico::sim::scheduler.processor_count
                                                                   : 0;
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment() {
    DDI(KeGetRecommendedSharedDataAlignment, HIGH_LEVEL);
    return 64;
}

// The worker runs once for each processor while none of them does anything else: on one host thread, one
// after the other at IPI_LEVEL is that.
ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context) {
    DDI(KeIpiGenericCall, IPI_LEVEL);
    const auto old = ke::raise(IPI_LEVEL);
    ULONG_PTR result = 0;
    for (unsigned i = 0; i < portico::sim::scheduler.processor_count; ++i) {
        DriverCall call("BroadcastFunction", reinterpret_cast<const void*>(BroadcastFunction));
        const ULONG_PTR one = BroadcastFunction(Context);
        if (i == portico::sim::this_processor->index) result = one;
    }
    ke::lower(old);
    return result;
}

BOOLEAN NTAPI KeInvalidateAllCaches() {
    DDI(KeInvalidateAllCaches, HIGH_LEVEL);
    return TRUE;
}

VOID NTAPI YieldProcessor() {
    DDI(YieldProcessor, HIGH_LEVEL);
}

VOID NTAPI PorticoPagedCode(PCSTR File, ULONG Line) {
    DDI(PorticoPagedCode, HIGH_LEVEL);
    if (ke::current_irql() >= portico::sim::dispatch_level) PORTICO_PROBE(paged_code, File, Line);
}

// What a system-supplied miniport sees its adapter do wrong. Requirement and Text are literals of the image.
VOID NTAPI PorticoBrokenContract(PCSTR Requirement, PVOID Object, PCSTR Text) {
    DDI(PorticoBrokenContract, HIGH_LEVEL);
    PORTICO_PROBE(contract, Requirement, Object, Text);
}

}  // extern "C"

EXPORT(KeNumberProcessors, KeNumberProcessors);
