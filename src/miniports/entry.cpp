// The image of the system-supplied miniports: no device of its own, one exported function that makes them.
#include <portcls.h>
#include <dmusicks.h>

NTSTATUS CreateMiniportMidiUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);
NTSTATUS CreateMiniportDMusUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}

// What PcNewMiniport calls (FN-040..FN-047). PASSIVE_LEVEL. *Unknown is the miniport's IMiniportMidi or
// IMiniportDMus with one reference; STATUS_NOT_SUPPORTED for a class that is not built in.
extern "C" NTSTATUS PorticoCreateMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                          POOL_TYPE PoolType) {
    if (IsEqualGUIDAligned(ClassId, CLSID_MiniportDriverUart)) {
        return CreateMiniportMidiUART(Unknown, ClassId, UnknownOuter, PoolType);
    }
    if (IsEqualGUIDAligned(ClassId, CLSID_MiniportDriverDMusUART) ||
        IsEqualGUIDAligned(ClassId, CLSID_MiniportDriverDMusUARTCapture)) {
        return CreateMiniportDMusUART(Unknown, ClassId, UnknownOuter, PoolType);
    }
    *Unknown = NULL;
    return STATUS_NOT_SUPPORTED;
}
