/* Safe strings and integers as a driver in C uses them. */
#include "safe_body.h"

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    UNREFERENCED_PARAMETER(RegistryPath);
    CheckAll((const RtlChecks*)DriverObject);
    return STATUS_SUCCESS;
}
