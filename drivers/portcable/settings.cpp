// What outlives the adapter, below its driver key: "Ports", a value for each; "Mirror".
#include "portcable.h"

#pragma code_seg("PAGE")

typedef struct _NAMED_VALUE {
    KEY_VALUE_FULL_INFORMATION Information;
    WCHAR Room[PORTCABLE_NAME_LENGTH + PORTCABLE_FRIENDLY_LENGTH];
} NAMED_VALUE;

typedef struct _MIRROR_VALUE {
    KEY_VALUE_PARTIAL_INFORMATION Information;
    UCHAR Room[sizeof(PORTCABLE_MIRROR)];
} MIRROR_VALUE;

// The key "Ports", which is made when it is missing.
static NTSTATUS OpenPorts(PHANDLE Ports) {
    PAGED_CODE();
    PDEVICE_OBJECT pdo = NULL;
    NTSTATUS ntStatus = PcGetPhysicalDeviceObject(PortCable.Adapter, &pdo);
    HANDLE key = NULL;
    if (NT_SUCCESS(ntStatus))
        ntStatus = IoOpenDeviceRegistryKey(pdo, PLUGPLAY_REGKEY_DRIVER, KEY_ALL_ACCESS, &key);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Ports");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, key, NULL);
    ntStatus = ZwCreateKey(Ports, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL);
    ZwClose(key);
    return ntStatus;
}

NTSTATUS RememberPort(PPORTCABLE_PORT Port) {
    PAGED_CODE();
    HANDLE ports = NULL;
    NTSTATUS ntStatus = OpenPorts(&ports);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, Port->Name);
    ntStatus = ZwSetValueKey(ports, &name, 0, REG_SZ, Port->FriendlyName,
                             (ULONG)((wcslen(Port->FriendlyName) + 1) * sizeof(WCHAR)));
    ZwClose(ports);
    return ntStatus;
}

VOID ForgetPort(PCWSTR Name) {
    PAGED_CODE();
    HANDLE ports = NULL;
    if (!NT_SUCCESS(OpenPorts(&ports))) return;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, Name);
    ZwDeleteValueKey(ports, &name);
    ZwClose(ports);
}

// FALSE for what nobody but a person with a registry editor can have put there.
static BOOLEAN PortOf(PKEY_VALUE_FULL_INFORMATION Value, PPORTCABLE_PORT Port) {
    PAGED_CODE();
    RtlZeroMemory(Port, sizeof(*Port));
    if (Value->Type != REG_SZ || Value->NameLength >= sizeof(Port->Name) ||
        Value->DataLength > sizeof(Port->FriendlyName)) {
        return FALSE;
    }
    RtlCopyMemory(Port->Name, Value->Name, Value->NameLength);
    RtlCopyMemory(Port->FriendlyName, (PUCHAR)Value + Value->DataOffset, Value->DataLength);
    return TRUE;
}

VOID RestorePorts(VOID) {
    PAGED_CODE();
    HANDLE ports = NULL;
    if (!NT_SUCCESS(OpenPorts(&ports))) return;
    NAMED_VALUE value;
    PORTCABLE_PORT port;
    ULONG length = 0;
    for (ULONG i = 0;; i++) {
        NTSTATUS ntStatus =
            ZwEnumerateValueKey(ports, i, KeyValueFullInformation, &value, sizeof(value), &length);
        if (ntStatus == STATUS_BUFFER_OVERFLOW || ntStatus == STATUS_BUFFER_TOO_SMALL) continue;
        if (!NT_SUCCESS(ntStatus)) break;
        if (PortOf(&value.Information, &port)) CreatePort(&port, FALSE);
    }
    ZwClose(ports);
}

static NTSTATUS OpenDriverKey(PREGISTRYKEY* Key) {
    PAGED_CODE();
    return PcNewRegistryKey(Key, NULL, DriverRegistryKey, KEY_ALL_ACCESS, PortCable.Adapter, NULL, NULL, 0,
                            NULL);
}

NTSTATUS RememberMirror(PPORTCABLE_MIRROR Mirror) {
    PAGED_CODE();
    PREGISTRYKEY key = NULL;
    NTSTATUS ntStatus = OpenDriverKey(&key);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Mirror");
    ntStatus = key->SetValueKey(&name, REG_BINARY, Mirror, sizeof(*Mirror));
    key->Release();
    return ntStatus;
}

VOID RestoreMirror(PPORTCABLE_MIRROR Mirror) {
    PAGED_CODE();
    RtlZeroMemory(Mirror, sizeof(*Mirror));
    PREGISTRYKEY key = NULL;
    if (!NT_SUCCESS(OpenDriverKey(&key))) return;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Mirror");
    MIRROR_VALUE value;
    ULONG length = 0;
    NTSTATUS ntStatus = key->QueryValueKey(&name, KeyValuePartialInformation, &value, sizeof(value), &length);
    if (NT_SUCCESS(ntStatus) && value.Information.Type == REG_BINARY &&
        value.Information.DataLength == sizeof(*Mirror)) {
        RtlCopyMemory(Mirror, value.Information.Data, sizeof(*Mirror));
        Mirror->From[PORTCABLE_NAME_LENGTH - 1] = 0;
        Mirror->To[PORTCABLE_NAME_LENGTH - 1] = 0;
    }
    key->Release();
}
