#include "portcls/com.h"

#include "nt/ex/pool.h"
#include "nt/probes.h"
#include "portcls/com_object.h"
#include "sim/address_map.h"

namespace portico::portcls {

void add_reference(IUnknown* object) {
    if (const LiveObject* const own = live_object_at(object)) return own->core->reference();
    nt::DriverCall call("IUnknown::AddRef", method_of(object, 1));
    call.returned(object->AddRef());
}

void drop_reference(IUnknown* object) {
    if (const LiveObject* const own = live_object_at(object)) return own->core->dereference();
    nt::DriverCall call("IUnknown::Release", method_of(object, 2));
    call.returned(object->Release());
}

NTSTATUS query_interface(IUnknown* object, const GUID& id, void** out) {
    if (const LiveObject* const own = live_object_at(object)) return own->core->query(id, out);
    *out = nullptr;
    if (passed_freed(object)) return STATUS_INVALID_PARAMETER;
    NTSTATUS status;
    {
        nt::DriverCall call("IUnknown::QueryInterface", method_of(object, 0));
        status = call.returned(object->QueryInterface(id, out));
    }
    // IU-008: what a failed call left in the output carries no reference.
    if (!NT_SUCCESS(status)) *out = nullptr;
    return NT_SUCCESS(status) && *out == nullptr ? STATUS_NOINTERFACE : status;
}

void tell_dead_object(const void* object) {
    PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, object,
                  "A COM object of the driver is called that is freed or overwritten: it begins with no "
                  "table of methods.");
}

bool passed_freed(const void* object) {
    if (!is_freed(object)) return false;
    PORTICO_PROBE(contract, "IU-004", object,
                  "An object was passed whose memory is freed: the caller held no reference.");
    return true;
}

bool is_freed(const void* object) {
    const auto address = reinterpret_cast<std::uint64_t>(object);
    const bool in_pool = sim::nonpaged_range.contains(address) || sim::paged_range.contains(address);
    return in_pool && !nt::ex::owns(object);
}

bool is_unknown_iid(const GUID& id) {
    static constexpr GUID user_mode_unknown{0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, user_mode_unknown);
}

}  // namespace portico::portcls
