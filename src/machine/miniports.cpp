// The system-supplied miniports: an embedded driver image, loaded like any other, of which PcNewMiniport
// makes objects.
#include "miniports/image.h"

#include "machine/state.h"
#include "portcls/new_port.h"

namespace portico::machine {
namespace {

using CreateMiniport = NTSTATUS(NTAPI*)(PUNKNOWN* out, REFCLSID class_id, PUNKNOWN outer, POOL_TYPE pool);

loader::Image* miniports = nullptr;

NTSTATUS create(PMINIPORT* out, const GUID& class_id) {
    const auto function = reinterpret_cast<CreateMiniport>(miniports->exported("PorticoCreateMiniport"));
    PUNKNOWN object = nullptr;
    nt::DriverCall call("PorticoCreateMiniport", reinterpret_cast<const void*>(function));
    const NTSTATUS status = call.returned(function(&object, class_id, nullptr, NonPagedPool));
    *out = static_cast<PMINIPORT>(object);
    return status;
}

}  // namespace

Result<void> load_system_miniports() {
    if (miniports == nullptr) {
        const auto bytes = portico::miniports::image();
        miniports = PORTICO_TRY(loader::load_memory(bytes, "portico_miniports.so", {.bytes_stay = true}));
        PORTICO_TRY(miniports->entry("PorticoCreateMiniport"));
    }
    miniports->reset_statics();
    portcls::create_system_miniport = create;
    return {};
}

}  // namespace portico::machine
