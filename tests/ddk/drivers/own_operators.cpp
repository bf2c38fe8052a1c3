// A driver with its own operator delete: the library's other forms must end in it (FLD-055).
#include <portcls.h>
#include <stdunk.h>

static ULONG own_deletes;

void __cdecl operator delete(void* memory) noexcept {
    own_deletes++;
    if (memory) ExFreePoolWithTag(memory, 'nwOD');
}

class Counted : public CUnknown {
  public:
    DEFINE_STD_CONSTRUCTOR(Counted);
};

// The test's DriverObject is a ULONG: how often the driver's own operator ran.
extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    Counted* counted = new (NonPagedPool, 'nwOD') Counted(NULL);
    if (!counted) return STATUS_INSUFFICIENT_RESOURCES;
    counted->NonDelegatingAddRef();
    counted->NonDelegatingRelease();
    delete[] new (NonPagedPool) ULONG[2];
    operator delete(new (NonPagedPool) ULONG, sizeof(ULONG));
    *(ULONG*)DriverObject = own_deletes;
    return STATUS_SUCCESS;
}
