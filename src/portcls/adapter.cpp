#include "portcls/adapter.h"

#include <array>

#include "nt/io/device.h"
#include "nt/io/pnp.h"
#include "nt/probes.h"
#include "portcls/physical_connections.h"
#include "portcls/port_base.h"

namespace portico::portcls {
namespace {

struct Table {
    std::array<AdapterDevice*, adapter_limit> slots{};
    unsigned used = 0;  // slots that were ever taken since the reset
    unsigned last = 0;  // where one was found last
};

Table table;

// PortCls' part of the device extension: slots 4..7 are the driver's (FN-015), the others hold what a driver
// must not change (FN-016). Nothing there is believed.
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
    adapter.fdo->DeviceExtension = adapter.extension;
    auto* const slots = static_cast<ULONG_PTR*>(adapter.extension);
    for (unsigned i = 0; i < slot_count; ++i) {
        if (!is_drivers(i)) slots[i] = expected(i, adapter.index);
    }
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

// The PnP manager is calling AddDevice routines for it, or is about to.
bool awaits_driver(PDEVICE_OBJECT pdo) {
    const nt::io::DeviceNode* const node = nt::io::node_of(pdo);
    return node != nullptr && node->state == nt::io::NodeState::enumerated;
}

void initialize(AdapterDevice& adapter) {
    nt::ke::initialize_mutex(&adapter.control);
    nt::ke::initialize_event(&adapter.files_closed, NotificationEvent, true);
    adapter.timeouts.initialize(adapter);
    adapter.held_creates.initialize();
}

}  // namespace

ControlLock::ControlLock(AdapterDevice& adapter) : adapter_(adapter) {
    ++adapter.lock_users;
    nt::ke::wait(&adapter.control, KernelMode, false, nullptr);
}

ControlLock::~ControlLock() {
    LONG previous;
    nt::ke::release_mutex(&adapter_.control, &previous);
    if (--adapter_.lock_users == 0 && adapter_.deleted) unmake(&adapter_);
}

AdapterDevice* adapter_of(PDEVICE_OBJECT fdo) {
    const auto is_its = [fdo](const AdapterDevice* adapter) {
        return adapter != nullptr && adapter->fdo == fdo;
    };
    if (fdo == nullptr) return nullptr;
    if (is_its(table.slots[table.last])) return table.slots[table.last];
    for (unsigned i = 0; i < table.used; ++i) {
        if (is_its(table.slots[i])) return table.slots[table.last = i];
    }
    return nullptr;
}

AdapterDevice* adapter_from(unsigned index) {
    while (index < table.used && table.slots[index] == nullptr) ++index;
    return index < table.used ? table.slots[index] : nullptr;
}

AdapterDevice* adapter_argument(void* fdo, const char* requirement, const char* text) {
    AdapterDevice* const adapter = adapter_of(static_cast<PDEVICE_OBJECT>(fdo));
    if (adapter == nullptr) PORTICO_PROBE(contract, requirement, fdo, text);
    return adapter;
}

void check_extension(AdapterDevice& adapter) {
    if (adapter.fdo->DeviceExtension != adapter.extension) {
        PORTICO_PROBE(
            contract, "FN-016", adapter.fdo,
            "The driver overwrote DeviceExtension in the device object that PcAddAdapterDevice made.");
        return write_extension(adapter);
    }
    const auto* const slots = static_cast<const ULONG_PTR*>(adapter.extension);
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
    adapter->extension = adapter->fdo->DeviceExtension;
    write_extension(*adapter);
    adapter->fdo->Flags |= DO_POWER_PAGABLE;  // FLD-002
    adapter->fdo->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
    return STATUS_SUCCESS;
}

void delete_adapter(AdapterDevice& adapter) {
    nt::io::detach(adapter.lower);
    nt::io::delete_device(adapter.fdo);
    table.slots[adapter.index] = nullptr;
    adapter.deleted = true;
    if (adapter.lock_users == 0) unmake(&adapter);
}

void tear_down(AdapterDevice& adapter, NTSTATUS later_requests) {
    adapter.timeouts.stop();
    adapter.subdevices.for_each([&](Subdevice& s) { s.port->StopStreams(later_requests); });
    drop_connections(adapter);
    adapter.subdevices.remove_all();
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
    table.used = table.last = 0;
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
    if (!awaits_driver(PhysicalDeviceObject)) {
        PORTICO_PROBE(contract, "FN-019", PhysicalDeviceObject,
                      "PcAddAdapterDevice was called outside the AddDevice routine.");
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
