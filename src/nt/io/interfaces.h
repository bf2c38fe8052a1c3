// Device interfaces: what a device offers, by class, under a symbolic link that clients open.
#pragma once

#include <array>

#include "nt/io/pnp.h"

namespace portico::nt::io {

constexpr unsigned interface_limit = 256;
constexpr unsigned reference_room = 128;  // characters of a reference string, null included
constexpr unsigned link_room = 4 + instance_room + 1 + guid_text_length + 1 + reference_room;

struct DeviceInterface {
    bool used = false;
    bool enabled = false;    // IoSetDeviceInterfaceState
    bool announced = false;  // enabled, and its device is started: clients see it
    bool installed = false;  // by an INF's AddInterface: it stays when the device goes
    DeviceNode* node = nullptr;
    GUID class_guid{};
    WCHAR reference[reference_room];  // empty: none
    WCHAR link[link_room];            // \??\ROOT#MEDIA#0000#{class}\reference
    unsigned base_length = 0;         // characters of the link without the reference string
    unsigned index = 0;
    std::uint64_t generation = 0;  // tells one that was removed from its successor in the entry
};

void reset_interfaces();

NTSTATUS register_interface(DeviceNode& node, const GUID& class_guid, const UNICODE_STRING* reference,
                            DeviceInterface** result);
// Null when no such interface is registered. Names begin with \??\ or, as user mode writes them, with \\?\.
DeviceInterface* find_interface(const UNICODE_STRING& link);
// As an INF's AddInterface does it: registered for good, not enabled.
NTSTATUS install_interface(DeviceNode& node, const GUID& class_guid, const UNICODE_STRING* reference,
                           DeviceInterface** result);
NTSTATUS enable_interface(DeviceInterface& entry, bool enable);

// Every interface that clients see; index from 0, null past the last. `class_guid` null: of every class.
DeviceInterface* visible_interface(unsigned index, const GUID* class_guid);

// The entry of that index, whatever its state; null past the last.
DeviceInterface* interface_at(unsigned index);

// The device has started: its enabled interfaces appear.
void announce_interfaces(DeviceNode& node);
// The device is going: its interfaces disappear.
void disable_interfaces(DeviceNode& node);
// The device is gone for good: so is what it registered.
void forget_interfaces(DeviceNode& node);

}  // namespace portico::nt::io
