/* The C run time as a driver in C uses it. */
#include "crt_body.h"

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    UNREFERENCED_PARAMETER(RegistryPath);
    CheckAll((const RtlChecks*)DriverObject);
    return STATUS_SUCCESS;
}
