// Driver objects: loading, DriverEntry, AddDevice, unloading.
#pragma once

#include "nt/ob/ob.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::io {

constexpr unsigned service_name_limit = 64;

// A driver's image and service, as the loader and the machine's configuration give them.
struct DriverSource {
    const WCHAR* service = nullptr;      // "mpu401": \Driver\mpu401, ...\Services\mpu401
    PDRIVER_INITIALIZE entry = nullptr;  // DriverEntry
    sim::AddressRange image{0, 0};
};

// What follows DRIVER_OBJECT in its body.
struct DriverBody {
    DRIVER_OBJECT object;
    DRIVER_EXTENSION extension;
    WCHAR service[service_name_limit];
    WCHAR name[service_name_limit + 8];
    WCHAR hardware_text[64];
    UNICODE_STRING hardware_database;
    LIST_ENTRY client_extensions;  // IoAllocateDriverObjectExtension
    LIST_ENTRY reinitializations;  // IoRegisterDriverReinitialization
    sim::AddressRange image;
    bool unloading;
    bool host;  // Portico's own
};

extern _OBJECT_TYPE driver_type;

inline DriverBody& body_of(PDRIVER_OBJECT driver) {
    return *reinterpret_cast<DriverBody*>(driver);
}

// Makes the driver object and its service key and calls DriverEntry on the calling thread, which must be a
// system thread at PASSIVE_LEVEL. On failure of DriverEntry everything is undone and its status returned.
NTSTATUS load_driver(const DriverSource& source, PDRIVER_OBJECT* driver);
// A driver of Portico itself: no DriverEntry, every major function is answered with
// STATUS_INVALID_DEVICE_REQUEST until the caller fills it in. Null: the pool is exhausted.
PDRIVER_OBJECT make_host_driver(const WCHAR* name);
// Null when no such driver is loaded. Not referenced.
PDRIVER_OBJECT find_driver(const WCHAR* service);

// Calls DriverUnload (FLD-007) and reports what the driver left behind. On a system thread at PASSIVE_LEVEL.
// STATUS_INVALID_DEVICE_REQUEST: it has no unload routine; STATUS_DEVICE_BUSY: a device is open or attached.
// `forced`: whatever is left is torn down and the driver object goes in any case.
NTSTATUS unload_driver(PDRIVER_OBJECT driver, bool forced);

// The last file on the device was closed: an unloading that waited for it goes on.
void device_released(PDEVICE_OBJECT device);

unsigned next_generated_device_number();
void reset_drivers();

// Reports through probes.left_behind everything of the driver's image that is still there.
void report_left_behind(const DriverBody& driver);
// What rooms above the executive made for drivers: asked by report_left_behind; null: there is none.
extern void (*report_left_above)(sim::AddressRange image);

}  // namespace portico::nt::io
