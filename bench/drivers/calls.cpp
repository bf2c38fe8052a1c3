// What the trap benchmark runs: calls of an exported function, reads of a port, accesses of a mapped
// register.
#include <ntddk.h>

struct Calls {
    void (*call)(ULONG Count);
    void (*read_port)(ULONG Count);
    void (*read_shared)(ULONG Count);
    void (*read_mapped)(ULONG Count);
    void (*write_mapped)(ULONG Count);
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

static volatile ULONG* Registers;

static void ReadMapped(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) *Registers;
}

static void WriteMapped(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) *Registers = i;
}

extern "C" NTSTATUS NTAPI DriverEntry(Calls* calls, PVOID) {
    calls->call = Call;
    calls->read_port = ReadPort;
    calls->read_shared = ReadShared;
    calls->read_mapped = ReadMapped;
    calls->write_mapped = WriteMapped;
    PHYSICAL_ADDRESS where;
    where.QuadPart = 0xE0000000;
    Registers = (volatile ULONG*)MmMapIoSpace(where, 4096, MmNonCached);
    return STATUS_SUCCESS;
}
