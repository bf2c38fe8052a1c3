// New devices: what their bus driver says of them, which drivers they get, and the children of a started
// device.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/bug_check.h"
#include "nt/io/device.h"
#include "nt/io/pnp.h"
#include "nt/io/pnp_registry.h"

namespace portico::nt::io {
namespace {

// An answer in pool memory, ours to free; null: none that can be read.
struct Answer {
    void* memory = nullptr;
    Origin completed{};  // where the driver gave it
    ~Answer() {
        if (memory != nullptr) ex::free(memory, 0);
    }
};

// What a driver answered is read only as far as its block goes. Each tells whether the answer ends within
// `size` bytes.
using Fits = bool (*)(const void* answer, std::size_t size);

bool is_text(const void* answer, std::size_t size) {
    const auto* const text = static_cast<const WCHAR*>(answer);
    return std::find(text, text + size / sizeof(WCHAR), 0) != text + size / sizeof(WCHAR);
}

// Strings up to an empty one.
bool is_text_list(const void* answer, std::size_t size) {
    const auto* const list = static_cast<const WCHAR*>(answer);
    const std::size_t room = size / sizeof(WCHAR);
    for (std::size_t i = 0; i < room; ++i) {
        if (list[i] == 0 && (i == 0 || list[i - 1] == 0)) return true;
    }
    return false;
}

bool is_bus_information(const void*, std::size_t size) {
    return size >= sizeof(PNP_BUS_INFORMATION);
}

bool are_relations(const void* answer, std::size_t size) {
    constexpr std::size_t head = offsetof(DEVICE_RELATIONS, Objects);
    return size >= head &&
           static_cast<const DEVICE_RELATIONS*>(answer)->Count <= (size - head) / sizeof(void*);
}

// One bus's resources is what is taken of a list.
bool are_resources(const void* answer, std::size_t size) {
    constexpr std::size_t head = offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors);
    if (size < sizeof(ULONG)) return false;
    const auto& list = *static_cast<const CM_RESOURCE_LIST*>(answer);
    if (list.Count == 0) return true;
    return size >= head &&
           list.List[0].PartialResourceList.Count <= (size - head) / sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
}

bool is_anything(const void*, std::size_t) {
    return true;
}

// The driver that answered is not on the stack any more.
void tell_bad_answer(std::uint64_t address, const Origin& completed, const char* text) {
    Subject subject{"answer", address};
    subject.last = completed;
    PORTICO_PROBE(bad_answer, subject, text);
}

NTSTATUS ask(DeviceNode& node, const IO_STACK_LOCATION& location, Answer& answer, Fits fits) {
    ULONG_PTR information = 0;
    const NTSTATUS status = send_pnp(node, location, &information, &answer.completed);
    if (!NT_SUCCESS(status) || information == 0) return status;
    void* const memory = reinterpret_cast<void*>(information);
    ex::PoolBlock block;
    if (!ex::find_block(memory, block) || !block.live || block.address != information) {
        tell_bad_answer(
            information, answer.completed,
            "The answer to a Plug and Play request (IoStatus.Information) is not the address of a pool "
            "block.");
        return STATUS_UNSUCCESSFUL;
    }
    if (fits(memory, block.size)) {
        answer.memory = memory;
        return status;
    }
    tell_bad_answer(information, answer.completed,
                    "The answer to a Plug and Play request goes on beyond the end of its pool block.");
    ex::free(memory, 0);
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS ask_id(DeviceNode& node, BUS_QUERY_ID_TYPE type, Answer& answer) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_ID;
    location.Parameters.QueryId.IdType = type;
    const bool list = type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs;
    return ask(node, location, answer, list ? is_text_list : is_text);
}

NTSTATUS ask_text(DeviceNode& node, DEVICE_TEXT_TYPE type, Answer& answer) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
    location.Parameters.QueryDeviceText.DeviceTextType = type;
    location.Parameters.QueryDeviceText.LocaleId = 0x0409;
    return ask(node, location, answer, is_text);
}

void copy_multi(WCHAR (&to)[id_list_room], const void* from) {
    const auto* const list = static_cast<const WCHAR*>(from);
    std::size_t used = 0;
    while (list[used] != 0) {
        const std::size_t length = wide_length(list + used) + 1;
        if (used + length + 1 > id_list_room) break;
        std::memcpy(to + used, list + used, length * sizeof(WCHAR));
        used += length;
    }
    to[used] = 0;
}

void copy_text(WCHAR* to, std::size_t room, const Answer& answer) {
    if (answer.memory != nullptr) copy_wide(to, room, static_cast<const WCHAR*>(answer.memory));
}

// The configuration's own devices were described with all of this; a bus driver's children say it here.
NTSTATUS ask_ids(DeviceNode& node) {
    Answer device, instance, hardware, compatible;
    NTSTATUS status = ask_id(node, BusQueryDeviceID, device);
    if (!NT_SUCCESS(status) || device.memory == nullptr)
        return NT_SUCCESS(status) ? STATUS_UNSUCCESSFUL : status;
    ask_id(node, BusQueryInstanceID, instance);
    ask_id(node, BusQueryHardwareIDs, hardware);
    ask_id(node, BusQueryCompatibleIDs, compatible);
    copy_text(node.device_id, instance_room, device);
    if (instance.memory != nullptr) {
        copy_text(node.instance_id, name_room, instance);
    } else {
        WCHAR number[2] = {static_cast<WCHAR>(u'0' + node.index % 10), 0};
        copy_wide(node.instance_id, name_room, number);
    }
    if (hardware.memory != nullptr) copy_multi(node.hardware_ids, hardware.memory);
    if (compatible.memory != nullptr) copy_multi(node.compatible_ids, compatible.memory);
    return STATUS_SUCCESS;
}

void initialize_capabilities(DEVICE_CAPABILITIES& capabilities) {
    capabilities = DEVICE_CAPABILITIES{};
    capabilities.Size = sizeof(DEVICE_CAPABILITIES);
    capabilities.Version = 1;
    capabilities.Address = capabilities.UINumber = 0xFFFFFFFF;
}

NTSTATUS ask_capabilities(DeviceNode& node) {
    DEVICE_CAPABILITIES capabilities;
    initialize_capabilities(capabilities);
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    location.Parameters.DeviceCapabilities.Capabilities = &capabilities;
    const NTSTATUS status = send_pnp(node, location);
    if (!NT_SUCCESS(status)) return status;
    node.capabilities = capabilities;
    node.address = capabilities.Address;
    node.ui_number = capabilities.UINumber;
    return status;
}

// The parent's depth in the tree and a number made of its instance path, "1&2d595ca7&0".
void make_parent_prefix(const DeviceNode& parent, WCHAR (&prefix)[name_room]) {
    unsigned depth = 1;
    for (const DeviceNode* above = parent.parent; above != nullptr; above = above->parent) ++depth;
    std::uint32_t number = 0x811C9DC5;  // FNV-1a
    for (const WCHAR* at = parent.instance_path; *at != 0; ++at) number = (number ^ *at) * 0x01000193;
    char text[32];
    const int length = std::snprintf(text, sizeof text, "%x&%x&0", depth, number);
    for (int i = 0; i <= length; ++i) prefix[i] = static_cast<WCHAR>(text[i]);
}

// An instance ID that is unique among the parent's children only (no UniqueID) stands behind what names the
// parent.
void make_instance_path(DeviceNode& node) {
    copy_wide(node.instance_path, instance_room, node.device_id);
    append_wide(node.instance_path, instance_room, u"\\");
    if (node.parent != nullptr && node.capabilities.UniqueID == 0) {
        WCHAR prefix[name_room];
        make_parent_prefix(*node.parent, prefix);
        set_parent_prefix(*node.parent, prefix);
        append_wide(node.instance_path, instance_room, prefix);
        append_wide(node.instance_path, instance_room, u"&");
    }
    append_wide(node.instance_path, instance_room, node.instance_id);
}

void ask_texts(DeviceNode& node) {
    Answer description, location;
    ask_text(node, DeviceTextDescription, description);
    ask_text(node, DeviceTextLocationInformation, location);
    copy_text(node.description, name_room, description);
    copy_text(node.location, name_room, location);
}

void ask_bus(DeviceNode& node) {
    Answer answer;
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION;
    if (!NT_SUCCESS(ask(node, location, answer, is_bus_information)) || answer.memory == nullptr) return;
    const auto& bus = *static_cast<const PNP_BUS_INFORMATION*>(answer.memory);
    node.bus_known = true;
    node.bus_type_guid = bus.BusTypeGuid;
    node.bus_type = bus.LegacyBusType;
    node.bus_number = bus.BusNumber;
}

void ask_resources(DeviceNode& node) {
    Answer boot, requirements;
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_RESOURCES;
    ask(node, location, boot, are_resources);
    location.MinorFunction = IRP_MN_QUERY_RESOURCE_REQUIREMENTS;
    ask(node, location, requirements, is_anything);
    if (!node.root_bus && boot.memory != nullptr)
        take_resources(node, *static_cast<const CM_RESOURCE_LIST*>(boot.memory));
}

NTSTATUS call_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo) {
    PDRIVER_ADD_DEVICE const routine = driver->DriverExtension->AddDevice;
    if (routine == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    const void* const address = reinterpret_cast<const void*>(routine);
    DriverCall call("AddDevice", address);
    return call.returned(routine(driver, pdo));
}

// Left set, nobody could ever open or attach to the device.
void check_initializing(PDEVICE_OBJECT from) {
    for (PDEVICE_OBJECT device = from; device != nullptr; device = device->AttachedDevice) {
        if ((device->Flags & DO_DEVICE_INITIALIZING) == 0) continue;
        PORTICO_PROBE(object_misuse, io_manager_violation, device,
                      "AddDevice returned without clearing DO_DEVICE_INITIALIZING in the device object that "
                      "it attached");
    }
}

NTSTATUS add_driver(DeviceNode& node, const WCHAR* service) {
    PDRIVER_OBJECT driver = nullptr;
    NTSTATUS status = find_or_load(service, &driver);
    if (!NT_SUCCESS(status)) {
        node.problem = problem_driver_failed_load;
        return status;
    }
    PDEVICE_OBJECT const before = top_of_stack(node.pdo);
    status = call_add_device(driver, node.pdo);
    if (!NT_SUCCESS(status)) {
        node.problem = problem_failed_add;
        return status;
    }
    check_initializing(before->AttachedDevice);
    return status;
}

NTSTATUS add_filters(DeviceNode& node, const WCHAR (&filters)[filter_limit][service_name_limit]) {
    for (const auto& service : filters) {
        if (service[0] == 0) continue;
        const NTSTATUS status = add_driver(node, service);
        if (!NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
}

NTSTATUS add_all(DeviceNode& node) {
    NTSTATUS status = add_filters(node, node.lower_filters);
    if (NT_SUCCESS(status) && node.service[0] != 0) status = add_driver(node, node.service);
    if (NT_SUCCESS(status)) status = add_filters(node, node.upper_filters);
    return status;
}

}  // namespace

NTSTATUS query_capabilities(DeviceNode& node) {
    return ask_capabilities(node);
}

NTSTATUS enumerate_node(DeviceNode& node) {
    if (node.root_bus && node.pdo == nullptr) {
        const NTSTATUS status = create_root_pdo(node);
        if (!NT_SUCCESS(status)) return status;
    }
    const NTSTATUS status = ask_ids(node);
    if (!NT_SUCCESS(status)) return status;
    ask_capabilities(node);
    make_instance_path(node);
    ask_texts(node);
    ask_bus(node);
    ask_resources(node);
    if (!node.root_bus) find_service(node);
    create_node_keys(node);
    node.state = NodeState::enumerated;
    return STATUS_SUCCESS;
}

NTSTATUS add_drivers(DeviceNode& node) {
    node.problem = problem_none;
    if (node.service[0] == 0 && node.capabilities.RawDeviceOK == 0) {
        node.problem = problem_failed_install;
        return STATUS_NO_SUCH_DEVICE;
    }
    const NTSTATUS status = add_all(node);
    if (!NT_SUCCESS(status)) {
        // Whatever did attach is told to go.
        const ULONG problem = node.problem;
        if (node.pdo->AttachedDevice != nullptr) {
            node.state = NodeState::remove_pending;
            remove_node(node);
        }
        node.problem = problem;
        return status;
    }
    node.state = NodeState::drivers_added;
    return STATUS_SUCCESS;
}

namespace {

bool is_child(const DeviceNode& parent, PDEVICE_OBJECT pdo) {
    const DeviceNode* const node = node_of(pdo);
    return node != nullptr && node->parent == &parent && node->state != NodeState::deleted;
}

// What may become a child: a device object at the bottom of a stack that no other bus reported.
bool is_new_pdo(PDEVICE_OBJECT pdo) {
    if (extras(pdo).lower != nullptr) return false;
    const DeviceNode* const node = extras(pdo).node;
    return node == nullptr || node->state == NodeState::deleted;
}

bool is_device(PDEVICE_OBJECT pdo) {
    return ob::is_object(pdo) && ob::type_of(pdo) == &device_type;
}

// Takes over the references of the list: new PDOs become nodes, known ones are still there.
void note_reported(DeviceNode& parent, const Answer& answer) {
    const auto& relations = *static_cast<const DEVICE_RELATIONS*>(answer.memory);
    for (ULONG i = 0; i < relations.Count; ++i) {
        PDEVICE_OBJECT const pdo = relations.Objects[i];
        if (!is_device(pdo)) {
            tell_bad_answer(reinterpret_cast<std::uint64_t>(pdo), answer.completed,
                            "A bus driver reported a child that is no device object.");
        } else if (is_child(parent, pdo)) {
            node_of(pdo)->enumerated_now = true;
            ob::dereference(pdo);
        } else if (!is_new_pdo(pdo)) {
            tell_bad_answer(reinterpret_cast<std::uint64_t>(pdo), answer.completed,
                            "A bus driver reported a device object as its child that has another parent.");
            ob::dereference(pdo);
        } else if (DeviceNode* const child = add_child(parent, pdo)) {
            child->enumerated_now = true;
        } else {
            ob::dereference(pdo);
        }
    }
}

void settle(DeviceNode& child) {
    if (!child.enumerated_now) {
        surprise_remove_node(child);
        return;
    }
    if (child.state != NodeState::described) return;
    if (NT_SUCCESS(enumerate_node(child)) && NT_SUCCESS(add_drivers(child))) start_node(child);
}

}  // namespace

NTSTATUS enumerate_children(DeviceNode& node) {
    if (node.state != NodeState::started) return STATUS_INVALID_DEVICE_STATE;
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    location.Parameters.QueryDeviceRelations.Type = BusRelations;
    Answer answer;
    const NTSTATUS status = ask(node, location, answer, are_relations);
    // Not answered: no children, and none is missing either.
    if (!NT_SUCCESS(status)) return status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : status;
    for (DeviceNode* c = next_child(node, nullptr); c != nullptr; c = next_child(node, c))
        c->enumerated_now = false;
    if (answer.memory != nullptr) note_reported(node, answer);
    for (DeviceNode* c = next_child(node, nullptr); c != nullptr;) {
        DeviceNode* const after = next_child(node, c);
        settle(*c);
        c = after;
    }
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::io
