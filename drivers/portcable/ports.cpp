// Ports: subdevices that come and go at run time.
#include "portcable.h"

typedef struct _PORT {
    PORTCABLE_PORT Names;
    PPORT Port;  // NULL: the place is free
    CMiniportMidiPort* Miniport;
} PORT;

static PORT Ports[MAX_PORTS];

// DEVPKEY_DeviceInterface_FriendlyName
static const DEVPROPKEY FriendlyNameKey = {
    {0x026e516e, 0xb814, 0x414b, {0x83, 0xcd, 0x85, 0x6d, 0x6f, 0xef, 0x48, 0x22}}, 2};

#pragma code_seg("PAGE")

static BOOLEAN IsNameCharacter(WCHAR Character) {
    PAGED_CODE();
    return (Character >= L'a' && Character <= L'z') || (Character >= L'A' && Character <= L'Z') ||
           (Character >= L'0' && Character <= L'9') || Character == L' ' || Character == L'-' ||
           Character == L'_';
}

BOOLEAN IsValidName(PCWSTR Name) {
    PAGED_CODE();
    ULONG length = 0;
    while (length < PORTCABLE_NAME_LENGTH && Name[length] != 0) {
        if (!IsNameCharacter(Name[length])) return FALSE;
        length++;
    }
    return length > 0 && length < PORTCABLE_NAME_LENGTH;
}

// With the lock held; NULL when there is none.
static PORT* FindPort(PCWSTR Name) {
    PAGED_CODE();
    for (ULONG i = 0; i < MAX_PORTS; i++) {
        if (Ports[i].Port && _wcsicmp(Ports[i].Names.Name, Name) == 0) return &Ports[i];
    }
    return NULL;
}

static PORT* FindPlace(VOID) {
    PAGED_CODE();
    for (ULONG i = 0; i < MAX_PORTS; i++) {
        if (!Ports[i].Port) return &Ports[i];
    }
    return NULL;
}

// What programs show of the port: before the interface is enabled, so that nobody sees it without.
static NTSTATUS NameInterface(PORT* Port) {
    PAGED_CODE();
    PDEVICE_OBJECT pdo = NULL;
    NTSTATUS ntStatus = PcGetPhysicalDeviceObject(PortCable.Adapter, &pdo);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING name, link;
    RtlInitUnicodeString(&name, Port->Names.Name);
    ntStatus = IoRegisterDeviceInterface(pdo, &KSCATEGORY_AUDIO, &name, &link);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    PWSTR text = Port->Names.FriendlyName;
    ntStatus = IoSetDeviceInterfacePropertyData(&link, &FriendlyNameKey, 0, 0, DEVPROP_TYPE_STRING,
                                                (ULONG)((wcslen(text) + 1) * sizeof(WCHAR)), text);
    RtlFreeUnicodeString(&link);
    return ntStatus;
}

// The PnP request that started the adapter is long gone, and a cable has no resources.
static NTSTATUS Install(PORT* Place) {
    PAGED_CODE();
    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    CMiniportMidiPort* miniport = new (NonPagedPool, PORTCABLE_POOL_TAG) CMiniportMidiPort(NULL);
    if (!miniport) {
        port->Release();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    miniport->AddRef();
    ntStatus = port->Init(PortCable.Adapter, NULL, PUNKNOWN(PMINIPORTMIDI(miniport)), NULL, NULL);
    if (NT_SUCCESS(ntStatus)) ntStatus = NameInterface(Place);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(PortCable.Adapter, Place->Names.Name, port);
    if (!NT_SUCCESS(ntStatus)) {
        miniport->Release();
        port->Release();
        return ntStatus;
    }
    Place->Miniport = miniport;
    Place->Port = port;
    return ntStatus;
}

NTSTATUS CreatePort(PPORTCABLE_PORT Port, BOOLEAN Remember) {
    PAGED_CODE();
    Port->FriendlyName[PORTCABLE_FRIENDLY_LENGTH - 1] = 0;
    if (!IsValidName(Port->Name)) return STATUS_INVALID_PARAMETER;

    NTSTATUS ntStatus = STATUS_SUCCESS;
    Lock();
    PORT* place = FindPlace();
    if (!PortCable.Adapter) {
        ntStatus = STATUS_DEVICE_NOT_READY;
    } else if (FindPort(Port->Name)) {
        ntStatus = STATUS_OBJECT_NAME_COLLISION;
    } else if (!place) {
        ntStatus = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(ntStatus)) {
        place->Names = *Port;
        if (place->Names.FriendlyName[0] == 0) {
            RtlStringCchCopyW(place->Names.FriendlyName, PORTCABLE_FRIENDLY_LENGTH, Port->Name);
        }
        ntStatus = Install(place);
        if (NT_SUCCESS(ntStatus) && Remember) RememberPort(&place->Names);
    }
    Unlock();
    if (NT_SUCCESS(ntStatus)) TellChange();
    return ntStatus;
}

static NTSTATUS Unregister(PPORT Port) {
    PAGED_CODE();
    PUNREGISTERSUBDEVICE unregister = NULL;
    NTSTATUS ntStatus = Port->QueryInterface(IID_IUnregisterSubdevice, (PVOID*)&unregister);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = unregister->UnregisterSubdevice(PortCable.Adapter, PUNKNOWN(Port));
    unregister->Release();
    return ntStatus;
}

// Clients may have streams of it open: they keep what they have, and nobody can open another.
NTSTATUS DeletePort(PPORTCABLE_PORT Port) {
    PAGED_CODE();
    if (!IsValidName(Port->Name)) return STATUS_INVALID_PARAMETER;
    SuspendMirror();
    NTSTATUS ntStatus = STATUS_NOT_FOUND;
    Lock();
    PORT* place = FindPort(Port->Name);
    if (place) {
        ntStatus = Unregister(place->Port);
        ForgetPort(place->Names.Name);
        place->Port->Release();
        place->Miniport->Release();
        place->Port = NULL;
        place->Miniport = NULL;
    }
    Unlock();
    ResumeMirror();
    if (place) TellChange();
    return ntStatus;
}

VOID ForgetPorts(VOID) {
    PAGED_CODE();
    Lock();
    PortCable.Adapter = NULL;
    for (ULONG i = 0; i < MAX_PORTS; i++) {
        if (!Ports[i].Port) continue;
        Ports[i].Port->Release();
        Ports[i].Miniport->Release();
        Ports[i].Port = NULL;
        Ports[i].Miniport = NULL;
    }
    Unlock();
    TellChange();
}

NTSTATUS GetStatistics(PCWSTR Name, PPORTCABLE_STATISTICS Statistics) {
    PAGED_CODE();
    NTSTATUS ntStatus = STATUS_NOT_FOUND;
    Lock();
    PORT* port = FindPort(Name);
    if (port) {
        RtlZeroMemory(Statistics, sizeof(*Statistics));
        Statistics->Streams = (ULONG)port->Miniport->m_Streams;
        Statistics->BytesWritten = port->Miniport->m_BytesWritten;
        Statistics->BytesRead = port->Miniport->m_BytesRead;
        ntStatus = STATUS_SUCCESS;
    }
    Unlock();
    return ntStatus;
}

ULONG ListPorts(PPORTCABLE_PORT List, ULONG Count) {
    PAGED_CODE();
    ULONG listed = 0;
    Lock();
    for (ULONG i = 0; i < MAX_PORTS && listed < Count; i++) {
        if (Ports[i].Port) List[listed++] = Ports[i].Names;
    }
    Unlock();
    return listed;
}

BOOLEAN IsPort(PCWSTR Name) {
    PAGED_CODE();
    Lock();
    BOOLEAN found = FindPort(Name) != NULL;
    Unlock();
    return found;
}
