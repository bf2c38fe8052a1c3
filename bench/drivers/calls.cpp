// What the trap benchmark runs: calls of an exported function, and reads of a port.
#include <ntddk.h>

struct Calls {
    void (*call)(ULONG Count);
    void (*read_port)(ULONG Count);
    void (*read_shared)(ULONG Count);
};

static void Call(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) KeGetCurrentIrql();
}

static void ReadPort(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) READ_PORT_UCHAR((PUCHAR)0x330);
}

static void ReadShared(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) *(volatile ULONG64*)0xFFFFF78000000320;
}

extern "C" NTSTATUS NTAPI DriverEntry(Calls* calls, PVOID) {
    calls->call = Call;
    calls->read_port = ReadPort;
    calls->read_shared = ReadShared;
    return STATUS_SUCCESS;
}
