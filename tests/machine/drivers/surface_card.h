// What the sources of the driver surface_card share.
#pragma once

extern "C" {
#include <ntddk.h>
}
#include <portcls.h>
#include <ksmedia.h>
#include <stdunk.h>

#define SURFACE_TAG 'frS '

extern ULONG Held;

#define CHECK(Condition)                                                            \
    do {                                                                            \
        if (Condition)                                                              \
            Held++;                                                                 \
        else                                                                        \
            DbgPrint("surface: FAILED %s:%d %s\n", __FILE__, __LINE__, #Condition); \
    } while (0)

// Of classes declared by the IMP_ macros.
void CheckInterfaces(PDEVICE_OBJECT DeviceObject);
