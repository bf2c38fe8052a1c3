// Device objects: what the I/O manager keeps of each beside DEVICE_OBJECT.
#pragma once

#include "nt/findings.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "wdm.h"

namespace portico::nt::io {

struct DeviceNode;

// Why a device takes no new opens.
enum DeviceState : ULONG {
    unload_pending = 0x1,
    delete_pending = 0x2,
    remove_pending = 0x4,  // query-remove succeeded, or the device vanished
    remove_processed = 0x8,
    start_pending = 0x10,  // has a PDO below it that is not started
};

// What the I/O manager keeps of a device, in a block of its own: a driver that overruns its device extension
// reaches the guard behind that.
struct DeviceExtras {
    ULONG extension_size;  // of the driver's own extension, in bytes
    ULONG kept;            // references of the Plug and Play manager's, while its requests are in the stack
    PDEVICE_OBJECT lower;  // that this one is attached to
    DeviceNode* node;      // of a PDO
    ULONG state;           // DeviceState bits
    WCHAR* sddl;           // internal pool; null: the default
    GUID class_guid;       // IoCreateDeviceSecure's
    // StartIo
    bool startio_deferred;
    bool startio_not_cancelable;
    bool in_startio;
    unsigned startio_again;  // IoStartNextPacket calls that wait for StartIo to return
    ULONG startio_key;
    bool startio_by_key;
    bool startio_cancelable;
    DEVICE_POWER_STATE power_state;  // as PoSetPowerState was told
    DEVOBJ_EXTENSION extension;      // what DeviceObject->DeviceObjectExtension points to
};

inline DeviceExtras& extras(PDEVICE_OBJECT device) {
    return *static_cast<DeviceExtras*>(ob::beside(device));
}

extern _OBJECT_TYPE device_type;

struct DeviceCreation {
    PDRIVER_OBJECT driver = nullptr;
    ULONG extension_size = 0;
    const UNICODE_STRING* name = nullptr;
    DEVICE_TYPE type = FILE_DEVICE_UNKNOWN;
    ULONG characteristics = 0;
    bool exclusive = false;
    const WCHAR* sddl = nullptr;
    ULONG sddl_length = 0;  // in characters
    const GUID* class_guid = nullptr;
    const void* frame = nullptr;  // of the exported function; null: Portico's own device
};

// IRQL <= APC_LEVEL. STATUS_OBJECT_NAME_COLLISION, STATUS_INSUFFICIENT_RESOURCES, ...
NTSTATUS create_device(const DeviceCreation& creation, PDEVICE_OBJECT* device);
void delete_device(PDEVICE_OBJECT device);
// The top of the stack after it, not referenced. Null: the target takes no attachment.
PDEVICE_OBJECT attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target);
void detach(PDEVICE_OBJECT lower);
inline PDEVICE_OBJECT top_of_stack(PDEVICE_OBJECT device) {
    while (device->AttachedDevice != nullptr) device = device->AttachedDevice;
    return device;
}
inline PDEVICE_OBJECT bottom_of_stack(PDEVICE_OBJECT device) {
    while (extras(device).lower != nullptr) device = extras(device).lower;
    return device;
}
// Tells (0xC1) when the driver wrote past the end of its device extension.
void check_extension(PDEVICE_OBJECT device);
// Sets or clears state bits of every device from `device` up.
void set_stack_state(PDEVICE_OBJECT device, ULONG bits, bool on);
// One more or one less open file; the last one finishes a deletion that waits for it.
void add_open(PDEVICE_OBJECT device);
void drop_open(PDEVICE_OBJECT device);
// Files open on the devices of the stack above `device`, itself included.
LONG opens_on_stack(PDEVICE_OBJECT device);

}  // namespace portico::nt::io
