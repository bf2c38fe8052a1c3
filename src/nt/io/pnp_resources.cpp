// Resource lists: raw as the bus counts, translated as processors see them (FLD-004).
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/io/pnp.h"
#include "sim/scheduler.h"

namespace portico::nt::io {
namespace {

constexpr ULONG list_tag = 'RpnP';

KAFFINITY all_processors() {
    return (KAFFINITY{1} << sim::scheduler.processor_count) - 1;
}

void describe_interrupt(const Resource& resource, bool translated, CM_PARTIAL_RESOURCE_DESCRIPTOR& out) {
    const auto irq = static_cast<unsigned>(resource.base);
    out.Type = CmResourceTypeInterrupt;
    out.Flags = resource.latched ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    out.u.Interrupt.Level = translated ? ke::line_irql(irq) : irq;
    out.u.Interrupt.Vector = translated ? ke::vector_of(irq) : irq;
    out.u.Interrupt.Affinity = translated ? all_processors() : ~KAFFINITY{0};
}

void describe(const Resource& resource, bool translated, CM_PARTIAL_RESOURCE_DESCRIPTOR& out) {
    out.ShareDisposition = resource.shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
    switch (resource.kind) {
        case Resource::Kind::port:
            out.Type = CmResourceTypePort;
            out.Flags = CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_16_BIT_DECODE;
            out.u.Port.Start.QuadPart = static_cast<LONGLONG>(resource.base);
            out.u.Port.Length = resource.length;
            break;
        case Resource::Kind::memory:
            out.Type = CmResourceTypeMemory;
            out.Flags = CM_RESOURCE_MEMORY_READ_WRITE;
            out.u.Memory.Start.QuadPart = static_cast<LONGLONG>(resource.base);
            out.u.Memory.Length = resource.length;
            break;
        case Resource::Kind::interrupt:
            describe_interrupt(resource, translated, out);
            break;
        case Resource::Kind::dma:
            out.Type = CmResourceTypeDma;
            out.Flags = resource.base < 4 ? CM_RESOURCE_DMA_8 : CM_RESOURCE_DMA_16;
            out.u.Dma.Channel = static_cast<ULONG>(resource.base);
            break;
    }
}

void require(const Resource& resource, IO_RESOURCE_DESCRIPTOR& out) {
    CM_PARTIAL_RESOURCE_DESCRIPTOR fixed{};
    describe(resource, false, fixed);
    out.Type = fixed.Type;
    out.Flags = fixed.Flags;
    out.ShareDisposition = fixed.ShareDisposition;
    switch (resource.kind) {
        case Resource::Kind::port:
        case Resource::Kind::memory:
            out.u.Port.Length = resource.length;
            out.u.Port.Alignment = 1;
            out.u.Port.MinimumAddress.QuadPart = static_cast<LONGLONG>(resource.base);
            out.u.Port.MaximumAddress.QuadPart = static_cast<LONGLONG>(resource.base + resource.length - 1);
            break;
        case Resource::Kind::interrupt:
            out.u.Interrupt.MinimumVector = out.u.Interrupt.MaximumVector = static_cast<ULONG>(resource.base);
            break;
        case Resource::Kind::dma:
            out.u.Dma.MinimumChannel = out.u.Dma.MaximumChannel = static_cast<ULONG>(resource.base);
            break;
    }
}

bool take(const CM_PARTIAL_RESOURCE_DESCRIPTOR& in, Resource& out) {
    out = Resource{};
    out.shared = in.ShareDisposition == CmResourceShareShared;
    switch (in.Type) {
        case CmResourceTypePort:
        case CmResourceTypeMemory:
            out.kind = in.Type == CmResourceTypePort ? Resource::Kind::port : Resource::Kind::memory;
            out.base = static_cast<std::uint64_t>(in.u.Port.Start.QuadPart);
            out.length = in.u.Port.Length;
            return true;
        case CmResourceTypeInterrupt:
            out.kind = Resource::Kind::interrupt;
            out.base = in.u.Interrupt.Vector;
            out.latched = (in.Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0;
            return true;
        case CmResourceTypeDma:
            out.kind = Resource::Kind::dma;
            out.base = in.u.Dma.Channel;
            return true;
        default:
            return false;
    }
}

std::size_t list_size(unsigned count) {
    return offsetof(CM_RESOURCE_LIST, List) + offsetof(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList) +
           offsetof(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors) +
           count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
}

}  // namespace

std::size_t resource_list_size(const CM_RESOURCE_LIST& list) {
    return list.Count == 0 ? offsetof(CM_RESOURCE_LIST, List)
                           : list_size(list.List[0].PartialResourceList.Count);
}

PCM_RESOURCE_LIST make_resource_list(const DeviceNode& node, bool translated) {
    if (node.resource_count == 0) return nullptr;
    const auto pool = static_cast<POOL_TYPE>(PagedPool | POOL_ZERO_ALLOCATION);
    auto* const list = static_cast<PCM_RESOURCE_LIST>(
        ex::allocate_for_driver(pool, list_size(node.resource_count), list_tag));
    if (list == nullptr) return nullptr;
    list->Count = 1;
    CM_FULL_RESOURCE_DESCRIPTOR& full = list->List[0];
    full.InterfaceType = node.bus_type;
    full.BusNumber = node.bus_number;
    full.PartialResourceList.Version = 1;
    full.PartialResourceList.Revision = 1;
    full.PartialResourceList.Count = node.resource_count;
    for (unsigned i = 0; i < node.resource_count; ++i) {
        describe(node.resources[i], translated, full.PartialResourceList.PartialDescriptors[i]);
    }
    return list;
}

PIO_RESOURCE_REQUIREMENTS_LIST make_requirements(const DeviceNode& node) {
    if (node.resource_count == 0) return nullptr;
    const std::size_t size = offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List) +
                             offsetof(IO_RESOURCE_LIST, Descriptors) +
                             node.resource_count * sizeof(IO_RESOURCE_DESCRIPTOR);
    const auto pool = static_cast<POOL_TYPE>(PagedPool | POOL_ZERO_ALLOCATION);
    auto* const list =
        static_cast<PIO_RESOURCE_REQUIREMENTS_LIST>(ex::allocate_for_driver(pool, size, list_tag));
    if (list == nullptr) return nullptr;
    list->ListSize = static_cast<ULONG>(size);
    list->InterfaceType = node.bus_type;
    list->BusNumber = node.bus_number;
    list->AlternativeLists = 1;
    list->List[0].Version = 1;
    list->List[0].Revision = 1;
    list->List[0].Count = node.resource_count;
    for (unsigned i = 0; i < node.resource_count; ++i)
        require(node.resources[i], list->List[0].Descriptors[i]);
    return list;
}

void take_resources(DeviceNode& node, const CM_RESOURCE_LIST& list) {
    node.resource_count = 0;
    if (list.Count == 0) return;
    const CM_PARTIAL_RESOURCE_LIST& partial = list.List[0].PartialResourceList;
    for (ULONG i = 0; i < partial.Count && node.resource_count < resource_limit; ++i) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;
        std::memcpy(&descriptor, &partial.PartialDescriptors[i], sizeof descriptor);
        if (take(descriptor, node.resources[node.resource_count])) ++node.resource_count;
    }
}

void set_resources(DeviceNode& node, const Resource* resources, unsigned count) {
    node.resource_count = count < resource_limit ? count : resource_limit;
    for (unsigned i = 0; i < node.resource_count; ++i) node.resources[i] = resources[i];
}

}  // namespace portico::nt::io
