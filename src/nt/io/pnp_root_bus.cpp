// The root bus driver: it makes the PDOs of the configured devices and answers for their buses. PCI-like
// devices have a configuration space and BUS_INTERFACE_STANDARD.
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/dma.h"
#include "nt/io/irp.h"
#include "nt/io/pnp.h"
#include "nt/po/po.h"

namespace portico::nt::io {
namespace {

constexpr ULONG answer_tag = 'AsuB';
constexpr GUID bus_interface_guid{
    0x496b8280, 0x6f25, 0x11d0, {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}};

PDRIVER_OBJECT root_driver;

DeviceNode& node_below(PDEVICE_OBJECT device) {
    return **static_cast<DeviceNode**>(device->DeviceExtension);
}

NTSTATUS NTAPI answer_pnp(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS NTAPI answer_power(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS NTAPI answer_system_control(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

void* answer_memory(std::size_t size) {
    return ex::allocate_for_driver(static_cast<POOL_TYPE>(PagedPool | POOL_ZERO_ALLOCATION), size,
                                   answer_tag);
}

// A string or MULTI_SZ of `characters`, final null included, for the caller to free.
NTSTATUS answer_text(PIRP irp, const WCHAR* text, std::size_t characters) {
    void* const copy = answer_memory(characters * sizeof(WCHAR));
    if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(copy, text, characters * sizeof(WCHAR));
    irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(copy);
    return STATUS_SUCCESS;
}

std::size_t multi_size(const WCHAR* list) {
    std::size_t size = 0;
    while (list[size] != 0) size += wide_length(list + size) + 1;
    return size + 1;
}

NTSTATUS answer_id(const DeviceNode& node, PIRP irp, BUS_QUERY_ID_TYPE type) {
    switch (type) {
        case BusQueryDeviceID:
            return answer_text(irp, node.device_id, wide_length(node.device_id) + 1);
        case BusQueryInstanceID:
            return answer_text(irp, node.instance_id, wide_length(node.instance_id) + 1);
        case BusQueryHardwareIDs:
            return answer_text(irp, node.hardware_ids, multi_size(node.hardware_ids));
        case BusQueryCompatibleIDs:
            if (node.compatible_ids[0] == 0) return irp->IoStatus.Status;
            return answer_text(irp, node.compatible_ids, multi_size(node.compatible_ids));
        default:
            return irp->IoStatus.Status;
    }
}

NTSTATUS answer_device_text(const DeviceNode& node, PIRP irp, DEVICE_TEXT_TYPE type) {
    const WCHAR* const text = type == DeviceTextDescription ? node.description : node.location;
    if (text[0] == 0 || type > DeviceTextLocationInformation) return irp->IoStatus.Status;
    return answer_text(irp, text, wide_length(text) + 1);
}

// What the bus does not know stays as the sender set it; of a device that no bus found, as good as all.
NTSTATUS answer_capabilities(const DeviceNode& node, PIRP irp) {
    DEVICE_CAPABILITIES& out = *IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    if (out.Version != 1 || out.Size < sizeof(DEVICE_CAPABILITIES)) return STATUS_UNSUCCESSFUL;
    if (node.d1) out.DeviceD1 = 1;
    if (node.d2) out.DeviceD2 = 1;
    if (node.removable) out.Removable = out.SurpriseRemovalOK = 1;
    if (node.bus_type != PNPBus) out.UniqueID = 1;
    if (node.address != 0xFFFFFFFF) out.Address = node.address;
    if (node.ui_number != 0xFFFFFFFF) out.UINumber = node.ui_number;
    out.DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    out.DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (unsigned s = PowerSystemSleeping1; s < PowerSystemMaximum; ++s) out.DeviceState[s] = PowerDeviceD3;
    return STATUS_SUCCESS;
}

NTSTATUS answer_bus_information(const DeviceNode& node, PIRP irp) {
    if (!node.bus_known) return irp->IoStatus.Status;
    auto* const out = static_cast<PPNP_BUS_INFORMATION>(answer_memory(sizeof(PNP_BUS_INFORMATION)));
    if (out == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    *out = {node.bus_type_guid, node.bus_type, node.bus_number};
    irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(out);
    return STATUS_SUCCESS;
}

// An answer that is a list made anew, or none at all.
NTSTATUS answer_list(PIRP irp, const DeviceNode& node, void* list) {
    if (node.resource_count == 0) return irp->IoStatus.Status;
    if (list == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(list);
    return STATUS_SUCCESS;
}

NTSTATUS answer_relations(PDEVICE_OBJECT pdo, PIRP irp, DEVICE_RELATION_TYPE type) {
    if (type != TargetDeviceRelation) return irp->IoStatus.Status;
    auto* const relations = static_cast<PDEVICE_RELATIONS>(answer_memory(sizeof(DEVICE_RELATIONS)));
    if (relations == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    relations->Count = 1;
    relations->Objects[0] = pdo;
    ob::reference(pdo);
    irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(relations);
    return STATUS_SUCCESS;
}

// ---- configuration space ----

NTSTATUS answer_config(DeviceNode& node, PIRP irp, bool write) {
    const auto& parameters = IoGetCurrentIrpStackLocation(irp)->Parameters.ReadWriteConfig;
    if (node.bus_type != PCIBus) return irp->IoStatus.Status;
    constexpr ULONG config_space = 0;  // PCI_WHICHSPACE_CONFIG
    if (parameters.WhichSpace != config_space) return STATUS_INVALID_PARAMETER;
    irp->IoStatus.Information =
        access_config_space(node, parameters.Buffer, parameters.Offset, parameters.Length, write);
    return STATUS_SUCCESS;
}

// ---- BUS_INTERFACE_STANDARD ----

// The context is the PDO, which the interface keeps alive beyond its device.
void NTAPI reference_interface(PVOID context) {
    ob::reference(context);
}
void NTAPI dereference_interface(PVOID context) {
    ob::dereference(context);
}
DeviceNode* node_behind(PVOID context) {
    return node_of(static_cast<PDEVICE_OBJECT>(context));
}

// Bus addresses are the processors' addresses here.
BOOLEAN NTAPI translate(PVOID, PHYSICAL_ADDRESS address, ULONG, PULONG, PPHYSICAL_ADDRESS translated) {
    *translated = address;
    return TRUE;
}

PDMA_ADAPTER NTAPI get_adapter(PVOID context, PDEVICE_DESCRIPTION description, PULONG map_registers) {
    return get_dma_adapter(static_cast<PDEVICE_OBJECT>(context), *description, map_registers, nullptr);
}

ULONG NTAPI set_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length) {
    DeviceNode* const node = node_behind(context);
    return type == 0 && node != nullptr ? access_config_space(*node, buffer, offset, length, true) : 0;
}

ULONG NTAPI get_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length) {
    DeviceNode* const node = node_behind(context);
    return type == 0 && node != nullptr ? access_config_space(*node, buffer, offset, length, false) : 0;
}

NTSTATUS answer_interface(DeviceNode& node, PIRP irp) {
    const auto& parameters = IoGetCurrentIrpStackLocation(irp)->Parameters.QueryInterface;
    const bool known = std::memcmp(parameters.InterfaceType, &bus_interface_guid, sizeof(GUID)) == 0;
    if (!known || node.bus_type != PCIBus) return irp->IoStatus.Status;
    if (parameters.Size < sizeof(BUS_INTERFACE_STANDARD) || parameters.Version != 1)
        return STATUS_INVALID_PARAMETER;
    auto& out = *reinterpret_cast<PBUS_INTERFACE_STANDARD>(parameters.Interface);
    out = {sizeof(BUS_INTERFACE_STANDARD),
           1,
           node.pdo,
           reference_interface,
           dereference_interface,
           translate,
           get_adapter,
           set_data,
           get_data};
    reference_interface(node.pdo);
    return STATUS_SUCCESS;
}

void set_power_state(DeviceNode& node, PDEVICE_OBJECT pdo, DEVICE_POWER_STATE state) {
    po::note_device_state(pdo, state);
    if (node.power_changed != nullptr) node.power_changed(node.power_context, state);
}

// LC-016: a device that was taken down while it slept is in D0 when it starts anew.
NTSTATUS answer_start(DeviceNode& node, PDEVICE_OBJECT pdo) {
    if (extras(pdo).power_state > PowerDeviceD0) set_power_state(node, pdo, PowerDeviceD0);
    start_pci(node);
    return STATUS_SUCCESS;
}

// Its resources are no longer the device's.
NTSTATUS answer_stop(DeviceNode& node) {
    stop_pci(node);
    return STATUS_SUCCESS;
}

NTSTATUS answer(DeviceNode& node, PDEVICE_OBJECT device, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    switch (stack.MinorFunction) {
        case IRP_MN_START_DEVICE:
            return answer_start(node, device);
        case IRP_MN_STOP_DEVICE:
        case IRP_MN_REMOVE_DEVICE:
            return answer_stop(node);
        case IRP_MN_QUERY_STOP_DEVICE:
        case IRP_MN_CANCEL_STOP_DEVICE:
        case IRP_MN_QUERY_REMOVE_DEVICE:
        case IRP_MN_CANCEL_REMOVE_DEVICE:
        case IRP_MN_SURPRISE_REMOVAL:
        case IRP_MN_DEVICE_USAGE_NOTIFICATION:
            return STATUS_SUCCESS;
        case IRP_MN_QUERY_CAPABILITIES:
            return answer_capabilities(node, irp);
        case IRP_MN_QUERY_ID:
            return answer_id(node, irp, stack.Parameters.QueryId.IdType);
        case IRP_MN_QUERY_DEVICE_TEXT:
            return answer_device_text(node, irp, stack.Parameters.QueryDeviceText.DeviceTextType);
        case IRP_MN_QUERY_RESOURCES:
            return answer_list(irp, node, make_resource_list(node, false));
        case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
            return answer_list(irp, node, make_requirements(node));
        case IRP_MN_QUERY_BUS_INFORMATION:
            return answer_bus_information(node, irp);
        case IRP_MN_QUERY_DEVICE_RELATIONS:
            return answer_relations(device, irp, stack.Parameters.QueryDeviceRelations.Type);
        case IRP_MN_QUERY_INTERFACE:
            return answer_interface(node, irp);
        case IRP_MN_READ_CONFIG:
            return answer_config(node, irp, false);
        case IRP_MN_WRITE_CONFIG:
            return answer_config(node, irp, true);
        default:
            return irp->IoStatus.Status;  // unknown to us: completed as it came
    }
}

bool overridden(DeviceNode& node, PIRP irp, NTSTATUS* status) {
    return node.pdo_override != nullptr && node.pdo_override(node, irp, status, node.pdo_context);
}

NTSTATUS NTAPI answer_pnp(PDEVICE_OBJECT device, PIRP irp) {
    DeviceNode& node = node_below(device);
    NTSTATUS status = STATUS_SUCCESS;
    if (overridden(node, irp, &status)) return status;
    status = answer(node, device, irp);
    return complete(irp, status, irp->IoStatus.Information);
}

NTSTATUS NTAPI answer_power(PDEVICE_OBJECT device, PIRP irp) {
    DeviceNode& node = node_below(device);
    NTSTATUS status = STATUS_SUCCESS;
    if (overridden(node, irp, &status)) return status;
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    status = irp->IoStatus.Status;
    if (stack.MinorFunction == IRP_MN_SET_POWER || stack.MinorFunction == IRP_MN_QUERY_POWER)
        status = STATUS_SUCCESS;
    if (stack.MinorFunction == IRP_MN_SET_POWER && stack.Parameters.Power.Type == DevicePowerState) {
        set_power_state(node, device, stack.Parameters.Power.State.DeviceState);
    }
    return complete(irp, status, 0);
}

}  // namespace

void reset_root_bus() {
    root_driver = nullptr;
}

PDRIVER_OBJECT root_bus_driver() {
    if (root_driver != nullptr) return root_driver;
    root_driver = make_host_driver(u"PnpManager");
    if (root_driver == nullptr) return nullptr;
    root_driver->MajorFunction[IRP_MJ_PNP] = answer_pnp;
    root_driver->MajorFunction[IRP_MJ_POWER] = answer_power;
    root_driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = answer_system_control;
    return root_driver;
}

NTSTATUS create_root_pdo(DeviceNode& node) {
    DeviceCreation creation;
    creation.driver = root_bus_driver();
    if (creation.driver == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    creation.extension_size = sizeof(DeviceNode*);
    creation.type = FILE_DEVICE_CONTROLLER;
    creation.characteristics = FILE_AUTOGENERATED_DEVICE_NAME;
    PDEVICE_OBJECT pdo = nullptr;
    const NTSTATUS status = create_device(creation, &pdo);
    if (!NT_SUCCESS(status)) return status;
    *static_cast<DeviceNode**>(pdo->DeviceExtension) = &node;
    pdo->Flags |= DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    pdo->Flags &= ~DO_DEVICE_INITIALIZING;
    extras(pdo).node = &node;
    extras(pdo).state |= start_pending;
    ob::reference(pdo);  // the node's
    node.pdo = pdo;
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::io
