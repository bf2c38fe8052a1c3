// From the driver object's table to the handlers: PnP, power and opening to the adapter's, everything else to
// the object that the file stands for (FN-001..FN-026).
#include "nt/io/irp.h"
#include "nt/ob/ob.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/open_files.h"
#include "portcls/power.h"

namespace portico::portcls {
namespace {

// FN-002; and CLEANUP, which closing a pin with requests in its queue needs (PI-010). Of a file that the
// driver serves itself, by the eleven of FN-002, CLEANUP comes here all the same.
constexpr unsigned handled_majors[] = {
    IRP_MJ_CLOSE,        IRP_MJ_CREATE,         IRP_MJ_DEVICE_CONTROL, IRP_MJ_FLUSH_BUFFERS,
    IRP_MJ_PNP,          IRP_MJ_POWER,          IRP_MJ_QUERY_SECURITY, IRP_MJ_READ,
    IRP_MJ_SET_SECURITY, IRP_MJ_SYSTEM_CONTROL, IRP_MJ_WRITE,          IRP_MJ_CLEANUP,
};

// LC-035: what asks the driver something.
bool needs_power(const IO_STACK_LOCATION& stack) {
    if (stack.MajorFunction != IRP_MJ_DEVICE_CONTROL || nt::ke::current_irql() != PASSIVE_LEVEL) return false;
    const ULONG code = stack.Parameters.DeviceIoControl.IoControlCode;
    return code == IOCTL_KS_PROPERTY || code == IOCTL_KS_METHOD || code == IOCTL_KS_ENABLE_EVENT;
}

// What a file that is not PortCls' ends with: closing it is nobody's affair.
NTSTATUS of_other_file(PIRP irp) {
    const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    const bool closes = major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE;
    return nt::io::complete(irp, closes ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST, 0);
}

// An IRP that ends lets go of its file, and another thread may have closed the last handle: the file, and
// with it the object and its port, stays until the object is done with the request.
NTSTATUS request_to_object(PDEVICE_OBJECT device, PIRP irp, PFILE_OBJECT file) {
    const OpenFile* const open = find_open_file(file);
    if (open == nullptr || open->object() == nullptr) return of_other_file(irp);
    nt::ob::reference(file);
    const NTSTATUS status = open->object()->Dispatch(device, irp);
    nt::ob::dereference(file);
    return status;
}

NTSTATUS close(PDEVICE_OBJECT device, PIRP irp, PFILE_OBJECT file) {
    OpenFile* const open = find_open_file(file);
    if (open == nullptr || open->object() == nullptr) return of_other_file(irp);
    // The file object may be gone after its IRP_MJ_CLOSE.
    ks::Object* const object = open->object();
    Subdevice& subdevice = *open->subdevice;
    remove_open_file(*open);
    const NTSTATUS status = object->Dispatch(device, irp);
    file_closed(subdevice);
    return status;
}

NTSTATUS NTAPI forwarded(PDEVICE_OBJECT, PIRP, PVOID context) {
    nt::ke::set_event(static_cast<PRKEVENT>(context));
    return STATUS_MORE_PROCESSING_REQUIRED;
}

}  // namespace

NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
    AdapterDevice* const adapter = adapter_of(device);
    if (adapter == nullptr) return nt::io::complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    switch (stack->MajorFunction) {
        case IRP_MJ_CREATE:
            check_extension(*adapter);
            adapter->idle.touch();
            return dispatch_create(*adapter, irp);
        case IRP_MJ_PNP:
            check_extension(*adapter);
            return dispatch_pnp(*adapter, irp);
        case IRP_MJ_POWER:
            check_extension(*adapter);
            return dispatch_power(*adapter, irp);
        case IRP_MJ_SYSTEM_CONTROL:
            return pass_down(*adapter, irp);
        case IRP_MJ_CLOSE:
            return close(device, irp, stack->FileObject);
        default:
            // A device that went to sleep by itself is woken. Without power a request does what it can.
            adapter->idle.touch();
            if (adapter->idle.watched() && needs_power(*stack)) wake(*adapter);
            return request_to_object(device, irp, stack->FileObject);
    }
}

NTSTATUS pass_down(AdapterDevice& adapter, PIRP irp) {
    IoSkipCurrentIrpStackLocation(irp);
    return nt::io::call_driver(adapter.lower, irp);
}

NTSTATUS forward_synchronously(AdapterDevice& adapter, PIRP irp) {
    KEVENT event;
    nt::ke::initialize_event(&event, NotificationEvent, false);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forwarded, &event, TRUE, TRUE, TRUE);
    if (nt::io::call_driver(adapter.lower, irp) == STATUS_PENDING)
        nt::ke::wait(&event, KernelMode, false, nullptr);
    return irp->IoStatus.Status;
}

}  // namespace portico::portcls

using namespace portico;
using namespace portico::portcls;

namespace {
// FN-004. Everything of PortCls hangs on devices and is gone with them.
VOID NTAPI unload(PDRIVER_OBJECT) {}
}  // namespace

NTSTATUS NTAPI PcInitializeAdapterDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                         PDRIVER_ADD_DEVICE AddDevice) {
    DDI(PcInitializeAdapterDriver, PASSIVE_LEVEL);
    if (DriverObject == nullptr || RegistryPathName == nullptr || AddDevice == nullptr) {
        PORTICO_PROBE(
            contract, "FN-005", DriverObject,
            "PcInitializeAdapterDriver needs the driver object, the registry path and an AddDevice routine.");
        return STATUS_INVALID_PARAMETER;
    }
    DriverObject->DriverExtension->AddDevice = AddDevice;
    for (const unsigned major : handled_majors) DriverObject->MajorFunction[major] = dispatch;
    DriverObject->DriverUnload = unload;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcDispatchIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp) {
    DDI(PcDispatchIrp, PASSIVE_LEVEL);
    return dispatch(pDeviceObject, pIrp);
}

NTSTATUS NTAPI PcCompleteIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp, NTSTATUS ntStatus) {
    DDI(PcCompleteIrp, DISPATCH_LEVEL);
    if (ntStatus == STATUS_PENDING) {
        PORTICO_PROBE(contract, "FN-024", pIrp, "PcCompleteIrp was called with STATUS_PENDING.");
    } else if ((IoGetCurrentIrpStackLocation(pIrp)->Control & SL_PENDING_RETURNED) == 0) {
        PORTICO_PROBE(contract, "FN-024", pIrp,
                      "PcCompleteIrp was called for an IRP that is not marked pending.");
    }
    pIrp->IoStatus.Status = ntStatus;
    nt::io::complete(pIrp);
    return ntStatus;
}

NTSTATUS NTAPI PcForwardIrpSynchronous(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    DDI(PcForwardIrpSynchronous, PASSIVE_LEVEL);
    AdapterDevice* const adapter =
        adapter_argument(DeviceObject, "FN-025",
                         "PcForwardIrpSynchronous was given another device object than the adapter's.");
    return adapter == nullptr ? STATUS_INVALID_PARAMETER : forward_synchronously(*adapter, Irp);
}
