#include "portcls/adapter.h"

#include <array>

#include "nt/io/device.h"
#include "nt/probes.h"
#include "portcls/physical_connections.h"
#include "portcls/port_base.h"

namespace portico::portcls {
namespace {

struct Table {
    std::array<AdapterDevice*, adapter_limit> slots{};
    unsigned used = 0;  // slots that were ever taken since the reset
};

Table table;

// PortCls' part of the device extension: slot 0 tells the adapter's place in the table, slots 4..7 are the
// driver's (FN-015), the others hold what a driver must not change (FN-016).
constexpr ULONG_PTR cookie_base = 0x5063'4164'6170'0000;
constexpr ULONG_PTR canary_base = 0x5063'4361'6e61'0000;
constexpr unsigned slot_count = PORT_CLASS_DEVICE_EXTENSION_SIZE / sizeof(ULONG_PTR);

constexpr bool is_drivers(unsigned slot) {
    return slot >= 4 && slot <= 7;
}
ULONG_PTR expected(unsigned slot, unsigned index) {
    return slot == 0 ? cookie_base + index : canary_base + slot;
}

void write_extension(AdapterDevice& adapter) {
    auto* const slots = static_cast<ULONG_PTR*>(adapter.fdo->DeviceExtension);
    for (unsigned i = 0; i < slot_count; ++i) {
        if (!is_drivers(i)) slots[i] = expected(i, adapter.index);
    }
}

AdapterDevice* search(PDEVICE_OBJECT fdo) {
    for (unsigned i = 0; i < table.used; ++i) {
        if (table.slots[i] != nullptr && table.slots[i]->fdo == fdo) return table.slots[i];
    }
    return nullptr;
}

bool take_place(AdapterDevice& adapter) {
    unsigned index = 0;
    while (index < table.used && table.slots[index] != nullptr) ++index;
    if (index == adapter_limit) return false;
    if (index == table.used) ++table.used;
    table.slots[index] = &adapter;
    adapter.index = index;
    return true;
}

NTSTATUS make_device(AdapterDevice& adapter, PDRIVER_OBJECT driver, ULONG extension_size, const void* frame) {
    nt::io::DeviceCreation creation;
    creation.driver = driver;
    creation.extension_size = extension_size;
    creation.type = FILE_DEVICE_KS;
    creation.characteristics = FILE_DEVICE_SECURE_OPEN;
    creation.frame = frame;
    const NTSTATUS status = nt::io::create_device(creation, &adapter.fdo);
    if (!NT_SUCCESS(status)) return status;
    adapter.lower = nt::io::attach(adapter.fdo, adapter.pdo);
    if (adapter.lower != nullptr) return STATUS_SUCCESS;
    nt::io::delete_device(adapter.fdo);
    return STATUS_DEVICE_REMOVED;
}

void initialize(AdapterDevice& adapter) {
    nt::ke::initialize_mutex(&adapter.control);
    nt::ke::initialize_event(&adapter.files_closed, NotificationEvent, true);
    adapter.timeouts.initialize(adapter);
    adapter.held_creates.initialize();
}

}  // namespace

AdapterDevice* adapter_of(PDEVICE_OBJECT fdo) {
    if (fdo == nullptr || fdo->DeviceExtension == nullptr) return nullptr;
    const ULONG_PTR index = *static_cast<const ULONG_PTR*>(fdo->DeviceExtension) - cookie_base;
    if (index < table.used && table.slots[index] != nullptr && table.slots[index]->fdo == fdo)
        return table.slots[index];
    return search(fdo);
}

AdapterDevice* adapter_after(const AdapterDevice* previous) {
    for (unsigned i = previous == nullptr ? 0 : previous->index + 1; i < table.used; ++i) {
        if (table.slots[i] != nullptr) return table.slots[i];
    }
    return nullptr;
}

AdapterDevice* adapter_argument(void* fdo, const char* requirement, const char* text) {
    AdapterDevice* const adapter = search(static_cast<PDEVICE_OBJECT>(fdo));
    if (adapter == nullptr) PORTICO_PROBE(contract, requirement, fdo, text);
    return adapter;
}

void check_extension(AdapterDevice& adapter) {
    const auto* const slots = static_cast<const ULONG_PTR*>(adapter.fdo->DeviceExtension);
    for (unsigned i = 0; i < slot_count; ++i) {
        if (is_drivers(i) || slots[i] == expected(i, adapter.index)) continue;
        PORTICO_PROBE(contract, "FN-016", &slots[i],
                      "The driver wrote to PortCls' part of the device extension.");
        return write_extension(adapter);
    }
}

NTSTATUS add_adapter(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PCPFNSTARTDEVICE start_device,
                     ULONG max_objects, ULONG extension_size, const void* frame) {
    auto* const adapter = make<AdapterDevice>(NonPagedPool);
    if (adapter == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    adapter->pdo = pdo;
    adapter->start_device = start_device;
    adapter->max_objects = max_objects;
    initialize(*adapter);
    NTSTATUS status = take_place(*adapter) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) status = make_device(*adapter, driver, extension_size, frame);
    if (!NT_SUCCESS(status)) {
        if (table.slots[adapter->index] == adapter) table.slots[adapter->index] = nullptr;
        unmake(adapter);
        return status;
    }
    write_extension(*adapter);
    adapter->fdo->Flags |= DO_POWER_PAGABLE;  // FLD-002
    adapter->fdo->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
    return STATUS_SUCCESS;
}

void delete_adapter(AdapterDevice& adapter) {
    nt::io::detach(adapter.lower);
    nt::io::delete_device(adapter.fdo);
    table.slots[adapter.index] = nullptr;
    unmake(&adapter);
}

void tear_down(AdapterDevice& adapter, NTSTATUS later_requests) {
    adapter.timeouts.stop();
    adapter.subdevices.for_each([&](Subdevice& s) { s.port->StopStreams(later_requests); });
    drop_connections(adapter);
    adapter.subdevices.remove_all(adapter);
    // FLD-008: also ports that were never registered. With pins open the last close does it.
    for (PortCore* port = adapter.ports; port != nullptr;) {
        PortCore* const next = port->next_port();
        if (port->subdevice().OpenPins() == 0) {
            port->subdevice().Unbind();
            port = adapter.ports;
        } else {
            port = next;
        }
    }
}

void file_opened(AdapterDevice& adapter, Subdevice& subdevice, PFILE_OBJECT file) {
    file->FsContext2 = &subdevice;
    ++subdevice.open_files;
    if (adapter.open_files++ == 0) nt::ke::reset_event(&adapter.files_closed);
}

void file_closed(Subdevice& subdevice) {
    AdapterDevice& adapter = *subdevice.adapter;
    {
        ControlLock lock(adapter);
        --subdevice.open_files;
        adapter.subdevices.retire_unused(subdevice);
    }
    if (--adapter.open_files == 0) nt::ke::set_event(&adapter.files_closed);
}

void reset_adapters() {
    table.slots.fill(nullptr);
    table.used = 0;
}

}  // namespace portico::portcls

using namespace portico::portcls;

NTSTATUS NTAPI PcAddAdapterDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
                                  PCPFNSTARTDEVICE StartDevice, ULONG MaxObjects, ULONG DeviceExtensionSize) {
    DDI(PcAddAdapterDevice, PASSIVE_LEVEL);
    if (DriverObject == nullptr || PhysicalDeviceObject == nullptr || StartDevice == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DeviceExtensionSize == 0) {
        DeviceExtensionSize = PORT_CLASS_DEVICE_EXTENSION_SIZE;
    } else if (DeviceExtensionSize < PORT_CLASS_DEVICE_EXTENSION_SIZE) {
        PORTICO_PROBE(contract, "FN-013", PhysicalDeviceObject,
                      "PcAddAdapterDevice was given a device extension size that is neither 0 nor at least "
                      "PORT_CLASS_DEVICE_EXTENSION_SIZE.");
        return STATUS_INVALID_PARAMETER;
    }
    return add_adapter(DriverObject, PhysicalDeviceObject, StartDevice, MaxObjects, DeviceExtensionSize,
                       __builtin_frame_address(0));
}

NTSTATUS NTAPI PcGetPhysicalDeviceObject(PDEVICE_OBJECT pDeviceObject, PDEVICE_OBJECT* ppPhysicalObject) {
    DDI(PcGetPhysicalDeviceObject, HIGH_LEVEL);
    if (ppPhysicalObject == nullptr) return STATUS_INVALID_PARAMETER;
    const AdapterDevice* const adapter = adapter_of(pDeviceObject);
    *ppPhysicalObject = adapter == nullptr ? nullptr : adapter->pdo;
    return adapter == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}
