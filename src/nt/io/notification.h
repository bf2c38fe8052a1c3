// PnP notifications: device interfaces that come and go, and what happens to devices that somebody has open.
#pragma once

#include "nt/io/interfaces.h"

namespace portico::nt::io {

constexpr unsigned notification_limit = 128;

enum class TargetEvent : std::uint8_t { query_remove, remove_cancelled, remove_complete };

void reset_notifications();

// Tells everybody who registered for the class, on the PnP manager's thread after the operation under way.
void notify_interface(const DeviceInterface& entry, bool arrival);
// Delivers what notify_interface queued. On the PnP manager's thread.
void deliver_interface_events();
// Asks or tells everybody who registered for a file of the device. A failure status is somebody's refusal.
NTSTATUS notify_target(DeviceNode& node, TargetEvent event);

// The host's own observer of interfaces (clients that are no drivers); null: none. Called on the PnP
// manager's thread.
using InterfaceObserver = void (*)(void* context, const DeviceInterface& entry, bool arrival);
void set_interface_observer(InterfaceObserver observer, void* context);

// Registrations of the driver that are still there at its unload.
void for_each_registration(PDRIVER_OBJECT driver,
                           void (*visit)(const void* entry, const Origin& made, void* context),
                           void* context);

}  // namespace portico::nt::io
