// Headers inside extern "C", in another order, twice (FLD-050); the kernel's layouts as a C++ driver sees
// them.
extern "C" {
#include <ntifs.h>
#include <wdmsec.h>
#include <windef.h>
#include <ntddk.h>
#include <wdm.h>
}
#include <initguid.h>
#include <wdmguid.h>
#include <poclass.h>
#include <devioctl.h>
#include <miniport.h>
#include <suppress.h>
#include <dontuse.h>
#include <excpt.h>

#include "../kernel_facts.h"

#define ASSERT_FACT(value, expected) static_assert((LONGLONG)(value) == (LONGLONG)(expected), #value);
KERNEL_FACTS(ASSERT_FACT)

// The callback types declare functions, as drivers do for the checkers.
DRIVER_UNLOAD KernelUnload;
DRIVER_ADD_DEVICE KernelAddDevice;
IO_COMPLETION_ROUTINE KernelCompletion;
DRIVER_CANCEL KernelCancel;
extern "C" DRIVER_INITIALIZE DriverEntry;
extern "C" DRIVER_DISPATCH KernelDispatch;

VOID KernelUnload(PDRIVER_OBJECT) {}
NTSTATUS KernelAddDevice(PDRIVER_OBJECT, PDEVICE_OBJECT) {
    return STATUS_NOT_SUPPORTED;
}
NTSTATUS KernelCompletion(PDEVICE_OBJECT, PIRP Irp, PVOID) {
    if (Irp->PendingReturned) IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}
VOID KernelCancel(PDEVICE_OBJECT, PIRP Irp) {
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

// Every inline helper once, so that each is compiled with the driver's flags.
extern "C" NTSTATUS KernelDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    if (stack->Parameters.DeviceIoControl.IoControlCode == 0) return STATUS_INVALID_DEVICE_REQUEST;
    if (IoSetCancelRoutine(Irp, KernelCancel) != NULL) IoSetCancelRoutine(Irp, NULL);
    IoInitializeDpcRequest(DeviceObject, NULL);
    IoRequestDpc(DeviceObject, Irp, NULL);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, KernelCompletion, NULL, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(IoGetAttachedDevice(DeviceObject), Irp);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    DriverObject->DriverUnload = KernelUnload;
    DriverObject->DriverExtension->AddDevice = KernelAddDevice;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) DriverObject->MajorFunction[i] = KernelDispatch;
    return STATUS_SUCCESS;
}

#include "packing.h"
