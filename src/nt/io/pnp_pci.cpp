// What the bus driver of a PCI bus does with configuration spaces: answers for them, programs BARs when a
// device starts, ends their decoding when it stops.
#include <algorithm>
#include <cstring>

#include "nt/io/pnp.h"

namespace portico::nt::io {
namespace {

constexpr ULONG command_offset = 4;
constexpr ULONG first_bar = 16;
constexpr unsigned bar_limit = 6;
constexpr USHORT decodes = 3;  // ports and memory
constexpr USHORT bus_master = 4;

template <class T>
T read(DeviceNode& node, ULONG offset) {
    T value{};
    access_config_space(node, &value, offset, sizeof value, false);
    return value;
}

template <class T>
void write(DeviceNode& node, ULONG offset, T value) {
    access_config_space(node, &value, offset, sizeof value, true);
}

// The node's next resource of that kind; null: none is left.
const Resource* next_of(const DeviceNode& node, Resource::Kind kind, unsigned& at) {
    while (at < node.resource_count) {
        const Resource& resource = node.resources[at++];
        if (resource.kind == kind) return &resource;
    }
    return nullptr;
}

}  // namespace

ULONG access_config_space(DeviceNode& node, void* buffer, ULONG offset, ULONG length, bool write) {
    if (node.bus_type != PCIBus || offset >= node.config.size()) return 0;
    const ULONG count = std::min<ULONG>(length, static_cast<ULONG>(node.config.size()) - offset);
    if (node.access_config != nullptr) {
        node.access_config(node.config_context, offset, static_cast<UCHAR*>(buffer), count, write);
        return count;
    }
    if (!write) {
        std::memcpy(buffer, node.config.data() + offset, count);
        return count;
    }
    for (ULONG i = 0; i < count; ++i) {
        // IDs, class and header type are read-only; the rest keeps what a driver puts there.
        const ULONG at = offset + i;
        const bool read_only =
            at < 4 || (at >= 8 && at < 12) || at == 14 || (at >= 44 && at < 48) || at == 61;
        if (!read_only) node.config[at] = static_cast<const UCHAR*>(buffer)[i];
    }
    return count;
}

void start_pci(DeviceNode& node) {
    if (node.access_config == nullptr) return;
    const auto command = read<USHORT>(node, command_offset);
    // A BAR that is being sized or moved must not answer.
    write<USHORT>(node, command_offset, static_cast<USHORT>(command & ~decodes));
    unsigned ports = 0;
    unsigned memory = 0;
    for (unsigned i = 0; i < bar_limit; ++i) {
        const ULONG offset = first_bar + 4 * i;
        write<ULONG>(node, offset, ~ULONG{0});
        const auto sized = read<ULONG>(node, offset);
        if (sized == 0) continue;
        const Resource* const resource = (sized & 1) != 0 ? next_of(node, Resource::Kind::port, ports)
                                                          : next_of(node, Resource::Kind::memory, memory);
        write<ULONG>(node, offset, resource == nullptr ? 0 : static_cast<ULONG>(resource->base));
    }
    write<USHORT>(node, command_offset, static_cast<USHORT>(command | decodes | bus_master));
}

void stop_pci(DeviceNode& node) {
    if (node.access_config == nullptr) return;
    const auto command = read<USHORT>(node, command_offset);
    write<USHORT>(node, command_offset, static_cast<USHORT>(command & ~(decodes | bus_master)));
}

}  // namespace portico::nt::io
