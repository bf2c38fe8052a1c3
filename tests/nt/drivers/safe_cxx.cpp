// Safe strings and integers as a driver in C++ uses them.
#include "safe_body.h"

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    CheckAll(reinterpret_cast<const RtlChecks*>(DriverObject));
    return STATUS_SUCCESS;
}
