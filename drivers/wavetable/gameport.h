/* The card's game port, a child device that this driver reports as a bus driver does. */
#ifndef _GAMEPORT_H_
#define _GAMEPORT_H_

#include <wdm.h>

#define GAMEPORT_POOL_TAG 'PGTW'

/* The type of its device objects, which no other device of this driver has. */
#define FILE_DEVICE_GAMEPORT FILE_DEVICE_CONTROLLER

typedef struct _GAMEPORT_BUS {
    FAST_MUTEX Mutex;
    PDEVICE_OBJECT Child;
} GAMEPORT_BUS, *PGAMEPORT_BUS;

#ifdef __cplusplus
extern "C" {
#endif

VOID InitializeGamePort(PGAMEPORT_BUS Bus);
/* For BusRelations of the card. */
NTSTATUS AddGamePort(PDEVICE_OBJECT DeviceObject, PGAMEPORT_BUS Bus, PIRP Irp);
VOID RemoveGamePort(PGAMEPORT_BUS Bus);
NTSTATUS DispatchGamePort(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#ifdef __cplusplus
}
#endif

#endif
