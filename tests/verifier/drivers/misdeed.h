// A filterless WDM function driver around one misdeed: adds and removes its device correctly.
#pragma once

#include <portcls.h>

#define RULES_POOL_TAG 'eluR'

// One thing that a driver may do: at the start of its device (PASSIVE_LEVEL), when it is removed, in
// DriverUnload.
struct Misdeed {
    PCSTR Name;
    VOID (*Start)(PDEVICE_OBJECT Fdo);
    VOID (*Unload)(VOID);
};

extern const Misdeed Misdeeds[];
extern const ULONG MisdeedCount;

struct Extension {
    PDEVICE_OBJECT Lower;
    PDEVICE_OBJECT Pdo;
};

// What device control does with a request: set by a misdeed before it sends one.
extern NTSTATUS (*OnDeviceControl)(PDEVICE_OBJECT Fdo, PIRP Irp);
// Sends an IRP_MJ_DEVICE_CONTROL to the device itself.
VOID SendRequest(PDEVICE_OBJECT Fdo);
// `Routine` as a DPC, run before this returns.
VOID RunDpc(PKDEFERRED_ROUTINE Routine, PVOID Context);
