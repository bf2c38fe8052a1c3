#include "portcls/pin_names.h"

#include "nt/cm/cm.h"
#include "nt/ob/ob.h"
#include "nt/probes.h"
#include "portcls/com.h"

namespace portico::portcls {
namespace {

constexpr char16_t media_categories[] =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediaCategories\\";
constexpr std::size_t prefix_length = sizeof media_categories / sizeof(char16_t) - 1;
constexpr std::size_t guid_length = 38;  // {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}

class CategoryPath {
  public:
    explicit CategoryPath(const GUID& guid) {
        for (std::size_t i = 0; i < prefix_length; ++i) put(media_categories[i]);
        put(u'{');
        put_hex(guid.Data1, 8);
        put(u'-');
        put_hex(guid.Data2, 4);
        put(u'-');
        put_hex(guid.Data3, 4);
        put(u'-');
        for (unsigned i = 0; i < 8; ++i) {
            if (i == 2) put(u'-');
            put_hex(guid.Data4[i], 2);
        }
        put(u'}');
    }
    UNICODE_STRING string() {
        const auto bytes = static_cast<USHORT>(length_ * sizeof(char16_t));
        return {bytes, bytes, text_};
    }

  private:
    void put(char16_t c) { text_[length_++] = c; }
    void put_hex(ULONG value, unsigned digits) {
        while (digits-- != 0) put(u"0123456789ABCDEF"[(value >> (digits * 4)) & 15]);
    }

    char16_t text_[prefix_length + guid_length];
    std::size_t length_ = 0;
};

NTSTATUS registry_name(ks::PropertyRequest& request, const GUID& guid) {
    CategoryPath path(guid);
    ULONG type = REG_NONE;
    ULONG needed = 0;
    const NTSTATUS status = nt::cm::query_value(path.string(), nt::ob::string(u"Name"), &type, request.value,
                                                request.value_size, &needed);
    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_OVERFLOW) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type != REG_SZ) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (status == STATUS_BUFFER_OVERFLOW && request.value_size != 0) return STATUS_BUFFER_TOO_SMALL;
    request.returned = needed;
    return request.value_size == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

// NA-003: the length comes through the IRP.
NTSTATUS ask_miniport(ks::PropertyRequest& request, IPinName& names) {
    auto* const pin = reinterpret_cast<PKSP_PIN>(static_cast<char*>(request.instance) - sizeof(KSPROPERTY));
    request.irp->IoStatus.Information = 0;
    NTSTATUS status;
    {
        nt::DriverCall call("IPinName::GetPinName", method_of(&names, 3));
        status = call.returned(
            names.GetPinName(request.irp, pin, request.value_size == 0 ? nullptr : request.value));
    }
    const ULONG_PTR returned = request.irp->IoStatus.Information;
    const bool is_size_query = status == STATUS_BUFFER_OVERFLOW && request.value_size == 0;
    if (NT_ERROR(status) || is_size_query || returned <= request.value_size) {
        request.returned = NT_ERROR(status) ? 0 : static_cast<ULONG>(returned);
        return status;
    }
    PORTICO_PROBE(contract, "NA-003", &names,
                  "IPinName::GetPinName says that it returned more bytes than the client's buffer holds.");
    request.returned = request.value_size;
    return status;
}

}  // namespace

NTSTATUS answer_name(ks::PropertyRequest& request, const NameGuids& guids) {
    for (const GUID* const guid : {guids.name, guids.otherwise}) {
        if (guid == nullptr) continue;
        const NTSTATUS status = registry_name(request, *guid);
        if (status != STATUS_OBJECT_NAME_NOT_FOUND) return status;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS answer_pin_name(ks::PropertyRequest& request, IUnknown* miniport, const KSPIN_DESCRIPTOR& pin) {
    Held<IPinName> names;
    if (NT_SUCCESS(names.query(miniport, IID_IPinName))) {
        const NTSTATUS status = ask_miniport(request, *names.get());
        if (status != STATUS_NOT_IMPLEMENTED) return status;
    }
    return answer_name(request, {pin.Name, pin.Category});
}

}  // namespace portico::portcls
