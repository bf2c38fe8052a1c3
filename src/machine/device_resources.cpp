#include "machine/device_resources.h"

#include "sim/bus.h"
#include "sim/scheduler.h"

namespace portico::machine {

std::vector<Resource> resources_of(hardware::Device& model) {
    std::vector<Resource> resources;
    const hardware::Resources needs = model.resources();
    for (const auto& range : needs.ports)
        resources.push_back({Resource::Kind::port, range.base, range.length});
    for (const auto& range : needs.memory)
        resources.push_back({Resource::Kind::memory, range.base, range.length});
    const bool shared = model.config_space() != nullptr;  // as PCI's lines are
    if (needs.irq) resources.push_back({Resource::Kind::interrupt, *needs.irq, 1, false, shared});
    for (const unsigned channel : needs.dma) resources.push_back({Resource::Kind::dma, channel, 1});
    return resources;
}

nt::io::Resource to_nt(const Resource& resource) {
    using Kind = Resource::Kind;
    using NtKind = nt::io::Resource::Kind;
    nt::io::Resource out;
    out.kind = resource.kind == Kind::port        ? NtKind::port
               : resource.kind == Kind::interrupt ? NtKind::interrupt
               : resource.kind == Kind::memory    ? NtKind::memory
                                                  : NtKind::dma;
    out.base = resource.base;
    out.length = static_cast<std::uint32_t>(resource.length);
    out.latched = resource.latched;
    out.shared = resource.shared;
    return out;
}

Result<void> power_on(hardware::Device& model, Nanoseconds now_ns) {
    const hardware::Resources needs = model.resources();
    sim::IrqLine* const line = needs.irq ? &sim::scheduler.lines[*needs.irq] : nullptr;
    return model.power_on(sim::bus, line, now_ns);
}

}  // namespace portico::machine
