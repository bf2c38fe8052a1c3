// IRPs with their parameters and buffers: what IoBuildXxx gives to drivers and what the file functions send.
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/io/irp.h"
#include "nt/mm/mdl.h"

namespace portico::nt::io {
namespace {

NTSTATUS attach_mdl(PIRP irp, void* buffer, ULONG length, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
    PMDL const mdl = mm::allocate_mdl(buffer, length);
    if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    const NTSTATUS status = mm::probe_and_lock(mdl, mode, operation);
    if (!NT_SUCCESS(status)) {
        mm::free_mdl(mdl);
        return status;
    }
    irp->MdlAddress = mdl;
    return STATUS_SUCCESS;
}

NTSTATUS attach_system_buffer(PIRP irp, const void* from, ULONG copied, ULONG size, ULONG output_limit) {
    if (!allocate_system_buffer(irp, size, output_limit)) return STATUS_INSUFFICIENT_RESOURCES;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (copied != 0) std::memcpy(irp->AssociatedIrp.SystemBuffer, from, copied);
    return STATUS_SUCCESS;
}

NTSTATUS set_up_buffered(PIRP irp, const ControlRequest& request) {
    irp->UserBuffer = request.output;
    const ULONG size =
        request.input_length > request.output_length ? request.input_length : request.output_length;
    if (size == 0) return STATUS_SUCCESS;
    if (request.output != nullptr) irp->Flags |= IRP_INPUT_OPERATION;
    return attach_system_buffer(irp, request.input, request.input == nullptr ? 0 : request.input_length, size,
                                request.output_length);
}

NTSTATUS set_up_direct(PIRP irp, const ControlRequest& request, LOCK_OPERATION operation) {
    if (request.input != nullptr && request.input_length != 0) {
        const NTSTATUS status =
            attach_system_buffer(irp, request.input, request.input_length, request.input_length, 0);
        if (!NT_SUCCESS(status)) return status;
    }
    if (request.output == nullptr || request.output_length == 0) return STATUS_SUCCESS;
    return attach_mdl(irp, request.output, request.output_length, request.mode, operation);
}

}  // namespace

NTSTATUS set_up_control(PIRP irp, PIO_STACK_LOCATION stack, const ControlRequest& request) {
    stack->Parameters.DeviceIoControl.IoControlCode = request.code;
    stack->Parameters.DeviceIoControl.InputBufferLength = request.input_length;
    stack->Parameters.DeviceIoControl.OutputBufferLength = request.output_length;
    switch (METHOD_FROM_CTL_CODE(request.code)) {
        case METHOD_BUFFERED:
            return set_up_buffered(irp, request);
        case METHOD_IN_DIRECT:
            return set_up_direct(irp, request, IoReadAccess);
        case METHOD_OUT_DIRECT:
            return set_up_direct(irp, request, IoWriteAccess);
        default:
            irp->UserBuffer = request.output;
            stack->Parameters.DeviceIoControl.Type3InputBuffer = request.input;
            return STATUS_SUCCESS;
    }
}

NTSTATUS set_up_transfer(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device, void* buffer,
                         ULONG length, KPROCESSOR_MODE mode) {
    const bool reads = stack->MajorFunction == IRP_MJ_READ;
    stack->Parameters.Read.Length = length;
    if ((device->Flags & DO_BUFFERED_IO) != 0) {
        irp->UserBuffer = buffer;
        if (length == 0) return STATUS_SUCCESS;
        if (reads) irp->Flags |= IRP_INPUT_OPERATION;
        return attach_system_buffer(irp, buffer, reads ? 0 : length, length, reads ? length : 0);
    }
    if ((device->Flags & DO_DIRECT_IO) != 0) {
        return length == 0 ? STATUS_SUCCESS
                           : attach_mdl(irp, buffer, length, mode, reads ? IoWriteAccess : IoReadAccess);
    }
    irp->UserBuffer = buffer;
    return STATUS_SUCCESS;
}

void discard_irp(PIRP irp) {
    while (PMDL const mdl = irp->MdlAddress) {
        irp->MdlAddress = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) mm::unlock_pages(mdl);
        mm::free_mdl(mdl);
    }
    free_irp(irp);
}

namespace {

// What a driver asks for; low-resources tests may refuse it.
PIRP allocate_for_driver(PDEVICE_OBJECT device, const void* frame) {
    const CCHAR stack_size = device->StackSize;
    if (ex::refuse_allocation != nullptr && ex::refuse_allocation(IoSizeOfIrp(stack_size), ' prI'))
        return nullptr;
    return allocate_irp(stack_size, frame);
}

PIRP build_transfer(ULONG major, PDEVICE_OBJECT device, void* buffer, ULONG length, PLARGE_INTEGER offset,
                    PIO_STATUS_BLOCK io_status, const void* frame) {
    PIRP const irp = allocate_for_driver(device, frame);
    if (irp == nullptr) return nullptr;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = static_cast<UCHAR>(major);
    irp->UserIosb = io_status;
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(ke::current_thread());
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE) return irp;
    if (offset != nullptr) stack->Parameters.Read.ByteOffset = *offset;
    if (NT_SUCCESS(set_up_transfer(irp, stack, device, buffer, length, KernelMode))) return irp;
    discard_irp(irp);
    return nullptr;
}

PIRP build_control(const ControlRequest& request, PDEVICE_OBJECT device, bool internal, PKEVENT event,
                   PIO_STATUS_BLOCK io_status, const void* frame) {
    PIRP const irp = allocate_for_driver(device, frame);
    if (irp == nullptr) return nullptr;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    if (!NT_SUCCESS(set_up_control(irp, stack, request))) {
        discard_irp(irp);
        return nullptr;
    }
    irp->UserIosb = io_status;
    irp->UserEvent = event;
    queue_to_current_thread(irp);
    return irp;
}

PIRP make_associated(PIRP master, CCHAR stack_size, const void* frame) {
    PIRP const irp = allocate_irp(stack_size, frame);
    if (irp == nullptr) return nullptr;
    irp->Flags |= IRP_ASSOCIATED_IRP;
    irp->AssociatedIrp.MasterIrp = master;
    irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
    return irp;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                         ULONG Length, PLARGE_INTEGER StartingOffset,
                                         PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(IoBuildAsynchronousFsdRequest, APC_LEVEL);
    return io::build_transfer(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, IoStatusBlock,
                              __builtin_frame_address(0));
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                        ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event,
                                        PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(IoBuildSynchronousFsdRequest, APC_LEVEL);
    PIRP const irp = io::build_transfer(MajorFunction, DeviceObject, Buffer, Length, StartingOffset,
                                        IoStatusBlock, __builtin_frame_address(0));
    if (irp == nullptr) return nullptr;
    irp->UserEvent = Event;
    io::queue_to_current_thread(irp);
    return irp;
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                         ULONG InputBufferLength, PVOID OutputBuffer,
                                         ULONG OutputBufferLength, BOOLEAN InternalDeviceIoControl,
                                         PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(IoBuildDeviceIoControlRequest, APC_LEVEL);
    return io::build_control(
        {IoControlCode, InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength, KernelMode},
        DeviceObject, InternalDeviceIoControl != FALSE, Event, IoStatusBlock, __builtin_frame_address(0));
}

PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize) {
    DDI(IoMakeAssociatedIrp, DISPATCH_LEVEL);
    return io::make_associated(Irp, StackSize, __builtin_frame_address(0));
}

PIRP NTAPI IoMakeAssociatedIrpEx(PIRP Irp, PDEVICE_OBJECT, CCHAR StackSize) {
    DDI(IoMakeAssociatedIrpEx, DISPATCH_LEVEL);
    return io::make_associated(Irp, StackSize, __builtin_frame_address(0));
}

}  // extern "C"
