#include "portcls/pin_clock.h"

#include <cstring>
#include <iterator>

#include "ks/object_name.h"
#include "ks/property_capture.h"
#include "nt/io/file.h"
#include "nt/ob/ob.h"
#include "portcls/filter.h"
#include "portcls/memory.h"
#include "portcls/port_midi.h"

namespace portico::portcls {
namespace {

// All of the system's: a handle is a clock's when its file is one of these.
PinClock* first_clock = nullptr;

PinClock* clock_of(const FILE_OBJECT* file) {
    PinClock* clock = first_clock;
    while (clock != nullptr && clock->file() != file) clock = clock->next;
    return clock;
}

void remove(PinClock& clock) {
    PinClock** place = &first_clock;
    while (*place != &clock) place = &(*place)->next;
    *place = clock.next;
}

// ---- KSCLOCK_FUNCTIONTABLE: for the kernel, whoever has the clock's file object ----

LONGLONG NTAPI function_time(PFILE_OBJECT file) {
    DDI_METHOD("KSCLOCK_FUNCTIONTABLE::GetTime", DISPATCH_LEVEL);
    const PinClock* const clock = clock_of(file);
    return clock == nullptr ? 0 : clock->time_100ns();
}

LONGLONG NTAPI function_physical_time(PFILE_OBJECT) {
    DDI_METHOD("KSCLOCK_FUNCTIONTABLE::GetPhysicalTime", DISPATCH_LEVEL);
    return PinClock::physical_time_100ns();
}

LONGLONG NTAPI function_correlated_time(PFILE_OBJECT file, PLONGLONG system_time) {
    DDI_METHOD("KSCLOCK_FUNCTIONTABLE::GetCorrelatedTime", DISPATCH_LEVEL);
    const PinClock* const clock = clock_of(file);
    if (system_time != nullptr) *system_time = PinClock::physical_time_100ns();
    return clock == nullptr ? 0 : clock->time_100ns();
}

LONGLONG NTAPI function_correlated_physical_time(PFILE_OBJECT, PLONGLONG system_time) {
    DDI_METHOD("KSCLOCK_FUNCTIONTABLE::GetCorrelatedPhysicalTime", DISPATCH_LEVEL);
    const LONGLONG time = PinClock::physical_time_100ns();
    if (system_time != nullptr) *system_time = time;
    return time;
}

}  // namespace

LONGLONG PinClock::time_100ns() const {
    return pin_.time_100ns();
}

LONGLONG PinClock::physical_time_100ns() {
    return nt::ke::exact_time_100ns();
}

// ---- opening and closing ----

NTSTATUS create_clock(PIRP irp, MidiPin& pin) {
    PFILE_OBJECT const file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (!ks::is_named(file->FileName, ks::clock_kind)) return STATUS_OBJECT_NAME_NOT_FOUND;
    const ks::CreateRequest request = ks::request_in(file->FileName);
    KSCLOCK_CREATE create;
    if (request.length < sizeof create) return STATUS_INVALID_BUFFER_SIZE;
    std::memcpy(&create, request.bytes, sizeof create);
    if (create.CreateFlags != 0) return STATUS_INVALID_PARAMETER;
    if (const NTSTATUS refused = pin.port().requests_refused(); !NT_SUCCESS(refused)) return refused;
    PFILE_OBJECT const pin_file = file->RelatedFileObject;
    auto* const clock = make<PinClock>(NonPagedPool, pin, pin_file, file);
    if (clock == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    nt::ob::reference(pin_file);
    clock->next = first_clock;
    first_clock = clock;
    file->FsContext = static_cast<ks::Object*>(clock);
    return STATUS_SUCCESS;
}

NTSTATUS reference_clock(HANDLE handle, KPROCESSOR_MODE mode, PFILE_OBJECT* file) {
    void* body = nullptr;
    const NTSTATUS status = nt::ob::reference_handle(handle, 0, &nt::io::file_type, mode, &body);
    if (!NT_SUCCESS(status)) return status;
    *file = static_cast<PFILE_OBJECT>(body);
    if (clock_of(*file) != nullptr) return STATUS_SUCCESS;
    nt::ob::dereference(body);
    *file = nullptr;
    return STATUS_INVALID_PARAMETER;
}

void reset_clocks() {
    first_clock = nullptr;
}

// ---- requests ----

NTSTATUS PinClock::Dispatch(PDEVICE_OBJECT, PIRP irp) {
    const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    switch (location->MajorFunction) {
        case IRP_MJ_DEVICE_CONTROL:
            if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_KS_PROPERTY)
                return property_request(irp);
            return refuse_request(irp);
        case IRP_MJ_CLEANUP:
            return complete_request(irp, STATUS_SUCCESS);
        case IRP_MJ_CLOSE: {
            PFILE_OBJECT const pin_file = pin_file_;
            remove(*this);
            unmake(this);
            const NTSTATUS status = complete_request(irp, STATUS_SUCCESS);
            nt::ob::dereference(pin_file);
            return status;
        }
        default:
            return refuse_request(irp);
    }
}

NTSTATUS PinClock::property_request(PIRP irp) {
    ks::PropertyRequest request;
    NTSTATUS status = ks::capture_property(irp, request);
    if (NT_SUCCESS(status)) status = pin_.port().requests_refused();
    if (NT_SUCCESS(status)) status = ks::answer_from(properties, this, request);
    return ks::complete_property(irp, request.own_buffer, status, request.returned);
}

NTSTATUS PinClock::get_time(void* target, ks::PropertyRequest& request) {
    return ks::answer(request, static_cast<PinClock*>(target)->time_100ns());
}

NTSTATUS PinClock::get_physical_time(void*, ks::PropertyRequest& request) {
    return ks::answer(request, physical_time_100ns());
}

NTSTATUS PinClock::get_correlated_time(void* target, ks::PropertyRequest& request) {
    const KSCORRELATED_TIME time{static_cast<PinClock*>(target)->time_100ns(), physical_time_100ns()};
    return ks::answer(request, time);
}

NTSTATUS PinClock::get_correlated_physical_time(void*, ks::PropertyRequest& request) {
    const LONGLONG time = physical_time_100ns();
    return ks::answer(request, KSCORRELATED_TIME{time, time});
}

// There are no notifications (KSEVENTSETID_Clock) that could be late.
NTSTATUS PinClock::get_resolution(void*, ks::PropertyRequest& request) {
    return ks::answer(request, KSRESOLUTION{1, 0});
}

NTSTATUS PinClock::get_state(void* target, ks::PropertyRequest& request) {
    return ks::answer(request, static_cast<PinClock*>(target)->pin_.state());
}

// Addresses of the kernel's code are for the kernel.
NTSTATUS PinClock::get_functions(void*, ks::PropertyRequest& request) {
    if (request.irp->RequestorMode != KernelMode) return STATUS_INVALID_DEVICE_REQUEST;
    return ks::answer(request,
                      KSCLOCK_FUNCTIONTABLE{function_time, function_physical_time, function_correlated_time,
                                            function_correlated_physical_time});
}

namespace {
const GUID clock_set = KSPROPSETID_Clock;
}  // namespace

const ks::PropertyItem PinClock::items[7] = {
    {KSPROPERTY_CLOCK_TIME, KSPROPERTY_TYPE_GET, sizeof(LONGLONG), &PinClock::get_time, nullptr},
    {KSPROPERTY_CLOCK_PHYSICALTIME, KSPROPERTY_TYPE_GET, sizeof(LONGLONG), &PinClock::get_physical_time,
     nullptr},
    {KSPROPERTY_CLOCK_CORRELATEDTIME, KSPROPERTY_TYPE_GET, sizeof(KSCORRELATED_TIME),
     &PinClock::get_correlated_time, nullptr},
    {KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME, KSPROPERTY_TYPE_GET, sizeof(KSCORRELATED_TIME),
     &PinClock::get_correlated_physical_time, nullptr},
    {KSPROPERTY_CLOCK_RESOLUTION, KSPROPERTY_TYPE_GET, sizeof(KSRESOLUTION), &PinClock::get_resolution,
     nullptr},
    {KSPROPERTY_CLOCK_STATE, KSPROPERTY_TYPE_GET, sizeof(KSSTATE), &PinClock::get_state, nullptr},
    {KSPROPERTY_CLOCK_FUNCTIONTABLE, KSPROPERTY_TYPE_GET, sizeof(KSCLOCK_FUNCTIONTABLE),
     &PinClock::get_functions, nullptr},
};

const ks::PropertySet PinClock::properties[1] = {{&clock_set, items, std::size(items)}};

}  // namespace portico::portcls
