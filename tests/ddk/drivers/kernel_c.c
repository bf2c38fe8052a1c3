// The same layouts as a driver in C sees them, with GUIDs defined in a second file of the driver (FLD-050).
#include <ntddk.h>
#define INITGUID
#include <wdmguid.h>
#include <poclass.h>
#include <wdmsec.h>

#include "../kernel_facts.h"

#define ASSERT_FACT(value, expected) _Static_assert((LONGLONG)(value) == (LONGLONG)(expected), #value);
KERNEL_FACTS(ASSERT_FACT)

DRIVER_UNLOAD PlainUnload;

VOID PlainUnload(PDRIVER_OBJECT DriverObject) {
    UNREFERENCED_PARAMETER(DriverObject);
    IoSetDeviceInterfaceState(NULL, FALSE);
}

BOOLEAN IsArrival(const DEVICE_INTERFACE_CHANGE_NOTIFICATION* Notification) {
    return IsEqualGUID(&Notification->Event, &GUID_DEVICE_INTERFACE_ARRIVAL);
}

#include "packing.h"
