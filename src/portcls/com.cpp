#include "portcls/com.h"

#include "nt/ex/pool.h"
#include "nt/mm/mm.h"
#include "nt/probes.h"
#include "portcls/com_object.h"
#include "sim/address_map.h"

namespace portico::portcls {
namespace {

constexpr unsigned release_slot = 2;

// A pointer's worth of memory.
bool is_readable(std::uint64_t address) {
    if (address % sizeof(void*) != 0) return false;
    const auto* const place = reinterpret_cast<const void*>(address);
    return nt::ex::in_pools(address) ? nt::ex::owns(place) : nt::mm::is_address_valid(place);
}

// Tables of Portico's own classes, in pages of the host that stay: asking the host for one takes long.
std::uint64_t known_table_page = 0;

bool is_table_there(std::uint64_t address) {
    if (address / sim::page_size == known_table_page) return true;
    if (!is_readable(address)) return false;
    if (!sim::image_range.contains(address)) known_table_page = address / sim::page_size;
    return true;
}

}  // namespace

bool is_callable(const IUnknown* object, unsigned slot) {
    const auto at = reinterpret_cast<std::uint64_t>(object);
    if (!is_readable(at)) return false;
    const auto table = *reinterpret_cast<const std::uint64_t*>(at);
    const std::uint64_t entry = table + slot * sizeof(void*);
    return !is_data(reinterpret_cast<const void*>(table)) && table % sizeof(void*) == 0 &&
           is_table_there(entry);
}

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
    if (passed_dead(object)) return STATUS_INVALID_PARAMETER;
    NTSTATUS status;
    {
        nt::DriverCall call("IUnknown::QueryInterface", method_of(object, 0));
        status = call.returned(object->QueryInterface(id, out));
    }
    // IU-008: what a failed call left in the output carries no reference.
    if (!NT_SUCCESS(status)) *out = nullptr;
    if (NT_SUCCESS(status) && *out != nullptr &&
        !is_given(static_cast<IUnknown*>(*out), "IU-006", object,
                  "QueryInterface succeeded and gave what is no COM object.")) {
        *out = nullptr;
    }
    return NT_SUCCESS(status) && *out == nullptr ? STATUS_NOINTERFACE : status;
}

void tell_dead_object(const void* object) {
    PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, object,
                  "A COM object of the driver is called that is freed or overwritten: it begins with no "
                  "table of methods.");
}

bool passed_dead(IUnknown* object) {
    if (is_freed(object)) {
        PORTICO_PROBE(contract, "IU-004", object,
                      "An object was passed whose memory is freed: the caller held no reference.");
        return true;
    }
    return !is_given(object, "IU-002", object,
                     "What was passed is no COM object: it is not in memory, or begins with no table of "
                     "methods.");
}

bool is_given(IUnknown* object, const char* requirement, const void* by, const char* text) {
    if (live_object_at(object) != nullptr || is_callable(object, release_slot)) return true;
    PORTICO_PROBE(contract, requirement, by, text);
    return false;
}

bool is_freed(const void* object) {
    return nt::ex::in_pools(reinterpret_cast<std::uint64_t>(object)) && !nt::ex::owns(object);
}

bool is_unknown_iid(const GUID& id) {
    static constexpr GUID user_mode_unknown{0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, user_mode_unknown);
}

}  // namespace portico::portcls
