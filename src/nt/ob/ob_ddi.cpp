// ObXxx: the object manager as drivers call it.
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/ob/header.h"
#include "nt/ob/ob.h"

namespace portico::nt::ob {
namespace {

NTSTATUS reference_by_handle(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                             void** object, POBJECT_HANDLE_INFORMATION information, const void* frame) {
    const NTSTATUS status = reference_handle(handle, desired, type, mode, object, information);
    if (NT_SUCCESS(status)) hand_to_driver(*object, frame);
    return status;
}

// In KernelMode Windows takes the caller's word for the type, but for symbolic links.
bool type_refused(const void* object, POBJECT_TYPE type, KPROCESSOR_MODE mode) {
    return type_of(object) != type && (mode != KernelMode || type == &symbolic_link_type);
}

NTSTATUS reference_by_pointer(void* object, POBJECT_TYPE type, KPROCESSOR_MODE mode, const void* frame) {
    if (is_object(object) && type_refused(object, type, mode)) return STATUS_OBJECT_TYPE_MISMATCH;
    reference_for_driver(object, frame);
    return STATUS_SUCCESS;
}

NTSTATUS open_by_pointer(void* object, ULONG attributes, PACCESS_STATE passed, ACCESS_MASK desired,
                         POBJECT_TYPE type, KPROCESSOR_MODE mode, PHANDLE handle, const void* frame) {
    *handle = nullptr;
    if (!is_object(object)) {
        PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, object,
                      "The driver opened an address that is no object's.");
        return STATUS_INVALID_PARAMETER;
    }
    if (type == nullptr ? mode != KernelMode : type != type_of(object)) return STATUS_OBJECT_TYPE_MISMATCH;
    ACCESS_MASK granted = 0;
    const ACCESS_MASK wanted =
        passed == nullptr ? desired : passed->PreviouslyGrantedAccess | passed->RemainingDesiredAccess;
    const NTSTATUS status = map_access(type_of(object), wanted, mode, &granted);
    return NT_SUCCESS(status) ? insert_handle(object, granted, attributes, mode, frame, handle) : status;
}

LONG_PTR reference_counted(void* object, const void* frame) {
    reference_for_driver(object, frame);
    return is_object(object) ? references_of(object) : 0;
}

LONG_PTR dereference_counted(void* object) {
    const LONG_PTR left = is_object(object) ? references_of(object) - 1 : 0;
    dereference_for_driver(object);
    return left;
}

NTSTATUS query_name_string(void* object, POBJECT_NAME_INFORMATION information, ULONG length, ULONG* needed) {
    if (!is_object(object)) {
        PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, object,
                      "The driver asked for the name of an address that is no object's.");
        return STATUS_INVALID_PARAMETER;
    }
    constexpr ULONG head = sizeof(OBJECT_NAME_INFORMATION);
    ULONG bytes = 0;
    auto* const buffer = reinterpret_cast<WCHAR*>(information + 1);
    const ULONG room = length > head + sizeof(WCHAR) ? length - head - static_cast<ULONG>(sizeof(WCHAR)) : 0;
    const NTSTATUS status = query_name(object, buffer, room, &bytes);
    *needed = head + (bytes == 0 ? 0 : bytes + static_cast<ULONG>(sizeof(WCHAR)));
    if (length < *needed) return STATUS_INFO_LENGTH_MISMATCH;
    if (!NT_SUCCESS(status)) return status;
    information->Name = {};
    if (bytes == 0) return STATUS_SUCCESS;
    buffer[bytes / sizeof(WCHAR)] = 0;
    information->Name = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(WCHAR)), buffer};
    return STATUS_SUCCESS;
}

}  // namespace
}  // namespace portico::nt::ob

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                         KPROCESSOR_MODE AccessMode, PVOID* Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation) {
    DDI(ObReferenceObjectByHandle, PASSIVE_LEVEL);
    return ob::reference_by_handle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation,
                                   FRAME);
}

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                                POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, ULONG,
                                                PVOID* Object, POBJECT_HANDLE_INFORMATION HandleInformation) {
    DDI(ObReferenceObjectByHandleWithTag, PASSIVE_LEVEL);
    return ob::reference_by_handle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation,
                                   FRAME);
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode) {
    DDI(ObReferenceObjectByPointer, DISPATCH_LEVEL);
    return ob::reference_by_pointer(Object, ObjectType, AccessMode, FRAME);
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG) {
    DDI(ObReferenceObjectByPointerWithTag, DISPATCH_LEVEL);
    return ob::reference_by_pointer(Object, ObjectType, AccessMode, FRAME);
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState,
                                     ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                     KPROCESSOR_MODE AccessMode, PHANDLE Handle) {
    DDI(ObOpenObjectByPointer, PASSIVE_LEVEL);
    return ob::open_by_pointer(Object, HandleAttributes, PassedAccessState, DesiredAccess, ObjectType,
                               AccessMode, Handle, FRAME);
}

LONG_PTR NTAPI ObfReferenceObject(PVOID Object) {
    DDI(ObfReferenceObject, DISPATCH_LEVEL);
    return ob::reference_counted(Object, FRAME);
}

LONG_PTR NTAPI ObfReferenceObjectWithTag(PVOID Object, ULONG) {
    DDI(ObfReferenceObjectWithTag, DISPATCH_LEVEL);
    return ob::reference_counted(Object, FRAME);
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID Object) {
    DDI(ObfDereferenceObject, DISPATCH_LEVEL);
    return ob::dereference_counted(Object);
}

LONG_PTR NTAPI ObfDereferenceObjectWithTag(PVOID Object, ULONG) {
    DDI(ObfDereferenceObjectWithTag, DISPATCH_LEVEL);
    return ob::dereference_counted(Object);
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object) {
    DDI(ObDereferenceObjectDeferDelete, DISPATCH_LEVEL);
    ob::dereference_counted(Object);
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG) {
    DDI(ObDereferenceObjectDeferDeleteWithTag, DISPATCH_LEVEL);
    ob::dereference_counted(Object);
}

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length,
                                 PULONG ReturnLength) {
    DDI(ObQueryNameString, PASSIVE_LEVEL);
    return ob::query_name_string(Object, ObjectNameInfo, Length, ReturnLength);
}

// Objects here carry no security descriptor of their own: a documented outcome.
NTSTATUS NTAPI ObGetObjectSecurity(PVOID, PSECURITY_DESCRIPTOR* SecurityDescriptor,
                                   PBOOLEAN MemoryAllocated) {
    DDI(ObGetObjectSecurity, APC_LEVEL);
    *SecurityDescriptor = nullptr;
    *MemoryAllocated = FALSE;
    return STATUS_SUCCESS;
}

VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN MemoryAllocated) {
    DDI(ObReleaseObjectSecurity, APC_LEVEL);
    if (MemoryAllocated && SecurityDescriptor != nullptr) ex::free(SecurityDescriptor, 0);
}

NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode) {
    DDI(ObCloseHandle, PASSIVE_LEVEL);
    return ob::close(Handle, PreviousMode);
}

}  // extern "C"
