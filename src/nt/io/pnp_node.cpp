// The table of device nodes, of drivers that can be loaded and of the IDs that they drive.
#include <cstdio>
#include <cstring>

#include "nt/io/device.h"
#include "nt/io/pnp.h"
#include "nt/io/properties.h"

namespace portico::nt::io {
namespace {

constexpr unsigned driver_limit = 32;
constexpr unsigned device_id_limit = 64;

struct Registered {
    DriverSource source;
    WCHAR service[service_name_limit];
};

struct KnownId {
    WCHAR id[instance_room];
    WCHAR service[service_name_limit];
    WCHAR class_name[name_room];
    GUID class_guid;
};

struct Tables {
    std::array<DeviceNode, node_limit> nodes;
    unsigned node_count = 0;
    std::array<Registered, driver_limit> drivers;
    unsigned driver_count = 0;
    std::array<KnownId, device_id_limit> ids;
    unsigned id_count = 0;
};
constinit Tables tables{};

constexpr GUID bus_internal{0x1530ea73, 0x086b, 0x11d1, {0xa0, 0x9f, 0x00, 0xc0, 0x4f, 0xc3, 0x40, 0xb1}};
constexpr GUID bus_pci{0xc8ebdfb0, 0xb510, 0x11d0, {0x80, 0xe5, 0x00, 0xa0, 0xc9, 0x25, 0x42, 0xe3}};
constexpr GUID bus_isapnp{0xe676f854, 0xd87d, 0x11d0, {0x92, 0xb2, 0x00, 0xa0, 0xc9, 0x05, 0x5f, 0xc5}};
constexpr GUID bus_eisa{0xddc35509, 0xf3fc, 0x11d0, {0xa5, 0x37, 0x00, 0x00, 0xf8, 0x75, 0x3e, 0xd1}};

GUID bus_guid_of(INTERFACE_TYPE type) {
    switch (type) {
        case PCIBus:
            return bus_pci;
        case Isa:
        case PNPISABus:
            return bus_isapnp;
        case Eisa:
            return bus_eisa;
        default:
            return bus_internal;
    }
}

// A MULTI_SZ of the names that are there; false: too long.
bool make_multi(WCHAR (&list)[id_list_room], const std::array<const WCHAR*, 8>& names,
                const WCHAR* fallback) {
    std::size_t used = 0;
    auto add = [&](const WCHAR* name) {
        const std::size_t length = wide_length(name) + 1;
        if (used + length + 1 > id_list_room) return false;
        std::memcpy(list + used, name, length * sizeof(WCHAR));
        used += length;
        return true;
    };
    for (const WCHAR* name : names) {
        if (name != nullptr && !add(name)) return false;
    }
    if (used == 0 && fallback != nullptr && !add(fallback)) return false;
    list[used] = 0;
    return true;
}

void make_location(DeviceNode& node) {
    if (node.bus_type != PCIBus || node.address == 0xFFFFFFFF) return;
    char text[name_room];
    std::snprintf(text, sizeof text, "PCI bus %u, device %u, function %u", node.bus_number,
                  node.address >> 16, node.address & 0xFFFF);
    for (unsigned i = 0; i < name_room; ++i) {
        node.location[i] = static_cast<WCHAR>(text[i]);
        if (text[i] == 0) break;
    }
}

unsigned hex_after(const WCHAR* text, const WCHAR* key, unsigned fallback) {
    const std::size_t length = wide_length(key);
    for (; *text != 0; ++text) {
        std::size_t i = 0;
        while (i < length && text[i] == key[i]) ++i;
        if (i != length) continue;
        unsigned value = 0;
        for (unsigned d = 0; d < 4; ++d) {
            const WCHAR c = text[length + d];
            const unsigned lower = c | 0x20u;
            value = value * 16 + (c <= u'9' ? c - u'0' : lower - u'a' + 10);
        }
        return value & 0xFFFF;
    }
    return fallback;
}

void put(DeviceNode& node, unsigned offset, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) node.config[offset + i] = static_cast<UCHAR>(value >> (8 * i));
}

// A type 0 header that agrees with what the node says elsewhere (FLD-005).
void make_config(DeviceNode& node) {
    node.config.fill(0);
    put(node, 0, 2, hex_after(node.device_id, u"VEN_", 0xFFFF));
    put(node, 2, 2, hex_after(node.device_id, u"DEV_", 0xFFFF));
    put(node, 4, 2, 0x0007);  // I/O, memory and bus mastering on
    put(node, 6, 2, 0x0200);
    put(node, 9, 3, 0x040100);  // multimedia, audio
    unsigned bar = 0;
    for (unsigned i = 0; i < node.resource_count; ++i) {
        const Resource& resource = node.resources[i];
        const auto base = static_cast<std::uint32_t>(resource.base);
        if (resource.kind == Resource::Kind::port && bar < 6) put(node, 16 + 4 * bar++, 4, base | 1);
        if (resource.kind == Resource::Kind::memory && bar < 6) put(node, 16 + 4 * bar++, 4, base);
        if (resource.kind == Resource::Kind::interrupt) {
            put(node, 60, 1, base);
            put(node, 61, 1, 1);  // INTA
        }
    }
}

bool copy_names(DeviceNode& node, const DeviceDescription& d) {
    bool fits = copy_wide(node.device_id, instance_room, d.device_id) &&
                copy_wide(node.instance_id, name_room, d.instance_id);
    fits &= copy_wide(node.description, name_room, d.description) &&
            copy_wide(node.manufacturer, name_room, d.manufacturer);
    fits &= copy_wide(node.friendly_name, name_room, d.friendly_name) &&
            copy_wide(node.location, name_room, d.location);
    fits &= copy_wide(node.class_name, name_room, d.class_name) &&
            copy_wide(node.service, service_name_limit, d.service);
    for (unsigned i = 0; i < filter_limit; ++i) {
        fits &= copy_wide(node.lower_filters[i], service_name_limit, d.lower_filters[i]);
        fits &= copy_wide(node.upper_filters[i], service_name_limit, d.upper_filters[i]);
    }
    copy_wide(node.instance_path, instance_room, d.device_id);
    append_wide(node.instance_path, instance_room, u"\\");
    append_wide(node.instance_path, instance_room, d.instance_id);
    node.driver_key[0] = 0;
    return fits && make_multi(node.hardware_ids, d.hardware_ids, d.device_id) &&
           make_multi(node.compatible_ids, d.compatible_ids, nullptr) &&
           wide_length(d.device_id) + wide_length(d.instance_id) + 2 <= instance_room;
}

DeviceNode* take_entry() {
    for (unsigned i = 0; i < tables.node_count; ++i) {
        if (tables.nodes[i].state == NodeState::deleted) return &tables.nodes[i];
    }
    return tables.node_count < node_limit ? &tables.nodes[tables.node_count++] : nullptr;
}

void clear(DeviceNode& node) {
    const auto index = static_cast<unsigned>(&node - tables.nodes.data());
    std::memset(static_cast<void*>(&node), 0, sizeof node);
    node.index = index;
    node.bus_type = InterfaceTypeUndefined;
    node.address = node.ui_number = 0xFFFFFFFF;
    node.system_power = PowerSystemWorking;
}

}  // namespace

void reset_nodes() {
    for (unsigned i = 0; i < tables.node_count; ++i) tables.nodes[i].state = NodeState::deleted;
    tables.node_count = tables.driver_count = tables.id_count = 0;
}

DeviceNode* node_at(unsigned index) {
    return index < tables.node_count ? &tables.nodes[index] : nullptr;
}
unsigned node_count() {
    return tables.node_count;
}

DeviceNode* add_node(const DeviceDescription& d) {
    DeviceNode* const node = take_entry();
    if (node == nullptr || d.resource_count > resource_limit) return nullptr;
    clear(*node);
    if (!copy_names(*node, d)) {
        node->state = NodeState::deleted;
        return nullptr;
    }
    node->state = NodeState::described;
    node->root_bus = true;
    node->present = true;
    node->class_guid = d.class_guid;
    node->bus_type = d.bus_type;
    node->bus_type_guid = bus_guid_of(d.bus_type);
    node->bus_known = true;
    node->bus_number = d.bus_number;
    node->address = d.address;
    node->ui_number = d.ui_number;
    node->d1 = d.d1;
    node->d2 = d.d2;
    node->removable = d.removable;
    node->pdo_override = d.pdo_override;
    node->pdo_context = d.pdo_context;
    node->power_changed = d.power_changed;
    node->power_context = d.power_context;
    node->access_config = d.access_config;
    node->config_context = d.config_context;
    set_resources(*node, d.resources.data(), d.resource_count);
    if (node->location[0] == 0) make_location(*node);
    if (d.pci_config != nullptr) {
        std::memcpy(node->config.data(), d.pci_config, node->config.size());
    } else if (d.bus_type == PCIBus) {
        make_config(*node);
    }
    return node;
}

DeviceNode* add_child(DeviceNode& parent, PDEVICE_OBJECT pdo) {
    DeviceNode* const node = take_entry();
    if (node == nullptr) return nullptr;
    clear(*node);
    node->state = NodeState::described;
    node->present = true;
    node->parent = &parent;
    node->pdo = pdo;
    extras(pdo).node = node;
    extras(pdo).state |= start_pending;
    pdo->Flags |= DO_BUS_ENUMERATED_DEVICE;
    return node;
}

void free_node(DeviceNode& node) {
    forget_properties({false, node.index});
    node.state = NodeState::deleted;
    node.pdo = nullptr;
}

DeviceNode* node_of(PDEVICE_OBJECT pdo) {
    return pdo == nullptr ? nullptr : extras(pdo).node;
}
DeviceNode* stack_node(PDEVICE_OBJECT device) {
    return extras(bottom_of_stack(device)).node;
}

void forget_device(DeviceNode& node, PDEVICE_OBJECT device) {
    if (node.pdo == device) node.pdo = nullptr;
}

DeviceNode* next_child(const DeviceNode& parent, const DeviceNode* after) {
    for (unsigned i = after == nullptr ? 0 : after->index + 1; i < tables.node_count; ++i) {
        DeviceNode& node = tables.nodes[i];
        if (node.state != NodeState::deleted && node.parent == &parent) return &node;
    }
    return nullptr;
}

NTSTATUS register_driver(const DriverSource& source) {
    if (tables.driver_count == driver_limit) return STATUS_INSUFFICIENT_RESOURCES;
    Registered& entry = tables.drivers[tables.driver_count];
    if (!copy_wide(entry.service, service_name_limit, source.service)) return STATUS_INVALID_PARAMETER;
    entry.source = source;
    entry.source.service = entry.service;
    ++tables.driver_count;
    return STATUS_SUCCESS;
}

NTSTATUS register_device_id(const WCHAR* id, const WCHAR* service, const GUID& class_guid,
                            const WCHAR* class_name) {
    if (tables.id_count == device_id_limit) return STATUS_INSUFFICIENT_RESOURCES;
    KnownId& entry = tables.ids[tables.id_count];
    if (!copy_wide(entry.id, instance_room, id) || !copy_wide(entry.service, service_name_limit, service) ||
        !copy_wide(entry.class_name, name_room, class_name)) {
        return STATUS_INVALID_PARAMETER;
    }
    entry.class_guid = class_guid;
    ++tables.id_count;
    return STATUS_SUCCESS;
}

namespace {

const KnownId* known_id_in(const WCHAR* list) {
    for (; *list != 0; list += wide_length(list) + 1) {
        for (unsigned i = 0; i < tables.id_count; ++i) {
            if (equal_wide(tables.ids[i].id, list)) return &tables.ids[i];
        }
    }
    return nullptr;
}

}  // namespace

bool find_service(DeviceNode& node) {
    const KnownId* known = known_id_in(node.hardware_ids);
    if (known == nullptr) known = known_id_in(node.compatible_ids);
    if (known == nullptr) return false;
    copy_wide(node.service, service_name_limit, known->service);
    copy_wide(node.class_name, name_room, known->class_name);
    node.class_guid = known->class_guid;
    return true;
}

NTSTATUS find_or_load(const WCHAR* service, PDRIVER_OBJECT* driver) {
    *driver = find_driver(service);
    if (*driver != nullptr) return STATUS_SUCCESS;
    for (unsigned i = 0; i < tables.driver_count; ++i) {
        if (equal_wide(tables.drivers[i].service, service))
            return load_driver(tables.drivers[i].source, driver);
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

}  // namespace portico::nt::io
