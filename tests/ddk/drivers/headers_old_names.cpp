// Names of the oldest drivers (FN-170).
#define PC_OLD_NAMES
#include <portcls.h>

static NTSTATUS Start(PVOID, PVOID, PRESOURCELIST) {
    return STATUS_SUCCESS;
}

NTSTATUS OldStyle(PVOID context1, PVOID context2, PWSTR name, PUNKNOWN unknown) {
    PCPFNSTARTDEVICE start = Start;
    PPORT port;
    PMINIPORT miniport;
    PSERVICEGROUP group;
    NTSTATUS status = InitializeAdapterDriver(context1, context2, NULL);
    status = AddAdapterDevice(context1, context2, start, 1);
    status = NewPort(&port, CLSID_PortMidi);
    status = NewMiniport(&miniport, CLSID_MiniportDriverUart);
    status = NewServiceGroup(&group, NULL);
    status = port->Init(context1, context2, unknown, NULL, NULL);
    status = RegisterSubdevice(context1, context2, name, unknown);
    status = RegisterPhysicalConnection(context1, context2, unknown, 1, unknown, 2);
    return GetTimeInterval(0) ? status : STATUS_UNSUCCESSFUL;
}

const GUID* OldNames() {
    return &KSCATEGORY_AUDIO;
}
