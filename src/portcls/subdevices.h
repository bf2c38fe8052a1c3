// The subdevices of an adapter: registered ports under their reference strings (FN-050..FN-058,
// LC-070..LC-076).
#pragma once

#include <array>

#include "nt/io/interfaces.h"
#include "portcls/com.h"
#include "portcls/subdevice.h"

namespace portico::portcls {

struct AdapterDevice;

// A device interface of a subdevice: one of its categories.
struct SubdeviceInterface {
    nt::io::DeviceInterface* entry = nullptr;
    SubdeviceInterface* next = nullptr;

    UNICODE_STRING symbolic_link() const;
};

// FILE_OBJECT::FsContext2 of each file of the subdevice points here, for whoever looks; PortCls believes its
// own table (open_files.h).
struct Subdevice {
    static constexpr ULONG name_limit =
        nt::io::reference_room;  // characters of the reference string, final zero included

    AdapterDevice* adapter = nullptr;
    ISubdevice* port = nullptr;   // one reference
    const WCHAR* name = nullptr;  // the driver's own buffer (FN-052)
    std::array<WCHAR, name_limit> name_copy{};
    USHORT name_length = 0;  // characters
    SubdeviceInterface* interfaces = nullptr;
    ULONG open_files = 0;    // filters and pins
    ULONG walks = 0;         // that are at it
    bool registered = true;  // false: lives on for the files that are still open
    Subdevice* next = nullptr;

    UNICODE_STRING name_string() {
        const auto bytes = static_cast<USHORT>(name_length * sizeof(WCHAR));
        return {bytes, bytes, name_copy.data()};
    }
};

// Under the adapter's control lock.
class Subdevices {
  public:
    // STATUS_INSUFFICIENT_RESOURCES beyond the adapter's MaxObjects, STATUS_OBJECT_NAME_COLLISION.
    NTSTATUS add(AdapterDevice& adapter, const WCHAR* name, ISubdevice* port);
    // STATUS_NOT_FOUND when that port is not registered (US-006).
    NTSTATUS remove(AdapterDevice& adapter, PortCore& port);
    void remove_all();

    // By reference string, of those registered. `name` may begin with a backslash.
    Subdevice* find(const UNICODE_STRING& name);
    Subdevice* find(const PortCore& port);

    // FN-056: visible to clients, or not any more.
    void enable_interfaces(bool enable);

    ULONG count() const;  // registered ones
    ULONG open_pins() const;

    // All that there are: one that is unregistered may have open pins. `visit` may call the driver, which may
    // unregister any of them; what the walk is at stays until it has gone on.
    template <class Visit>
    void for_each(Visit&& visit) {
        Subdevice* s = first_;
        if (s != nullptr) ++s->walks;
        while (s != nullptr) {
            visit(*s);
            Subdevice* const next = s->next;
            if (next != nullptr) ++next->walks;
            --s->walks;
            retire_unused(*s);
            s = next;
        }
    }

    // Ends a subdevice that is not registered any more when its last file is closed and no walk is at it
    // (LC-057).
    void retire_unused(Subdevice& subdevice);

  private:
    void unregister(Subdevice& subdevice);

    Subdevice* first_ = nullptr;
};

}  // namespace portico::portcls
