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

// Headers that stand around structures, each time anew.
#include <pshpack1.h>
struct PackedTo1 {
    UCHAR a;
    ULONGLONG b;
};
#include <pshpack4.h>
struct PackedTo4 {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
struct PackedTo1Again {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
struct NotPacked {
    UCHAR a;
    ULONGLONG b;
};
#include <pshpack2.h>
#include <pshpack8.h>
#include <poppack.h>
struct PackedTo2 {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
_Static_assert(sizeof(struct PackedTo1) == 9 && sizeof(struct PackedTo4) == 12 &&
                   sizeof(struct PackedTo1Again) == 9 && sizeof(struct NotPacked) == 16 &&
                   sizeof(struct PackedTo2) == 10,
               "packing");
