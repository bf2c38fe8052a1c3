#include "machine/pci_node.h"

#include <fmt/format.h>

#include "machine/state.h"
#include "sim/processor.h"

namespace portico::machine {
namespace {

void access_config(void* context, ULONG offset, UCHAR* buffer, ULONG length, bool write) {
    auto& space = *static_cast<hardware::ConfigSpace*>(context);
    if (write) {
        space.write_config(offset, {buffer, length}, sim::this_processor->at_ns);
    } else {
        space.read_config(offset, {buffer, length});
    }
}

std::uint32_t field(const hardware::ConfigSpace& space, std::uint32_t offset, unsigned width) {
    std::array<std::uint8_t, 4> bytes{};
    space.read_config(offset, std::span(bytes).first(width));
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

void take_ids(const hardware::ConfigSpace& space, PciNames& names) {
    const std::string device =
        fmt::format("PCI\\VEN_{:04X}&DEV_{:04X}", field(space, 0, 2), field(space, 2, 2));
    const std::string vendor = device.substr(0, device.find('&'));
    const std::string subsystem =
        fmt::format("{}&SUBSYS_{:04X}{:04X}", device, field(space, 46, 2), field(space, 44, 2));
    const std::string revision = fmt::format("REV_{:02X}", field(space, 8, 1));
    const std::string full_class = fmt::format("CC_{:06X}", field(space, 9, 3));
    const std::string short_class = full_class.substr(0, 7);
    names.device_id = widen(subsystem + '&' + revision);
    const std::string hardware_ids[] = {subsystem + '&' + revision, subsystem, device + '&' + full_class,
                                        device + '&' + short_class};
    const std::string compatible_ids[] = {device + '&' + revision,    device, vendor + '&' + full_class,
                                          vendor + '&' + short_class, vendor, "PCI\\" + full_class,
                                          "PCI\\" + short_class};
    std::size_t next = names.hardware_ids[0].empty() ? 0 : 1;
    for (const std::string& id : hardware_ids) names.hardware_ids[next++] = widen(id);
    next = 0;
    for (const std::string& id : compatible_ids) names.compatible_ids[next++] = widen(id);
}

}  // namespace

void describe_pci(hardware::ConfigSpace& space, const std::string& hardware_id, PciNames& names,
                  nt::io::DeviceDescription& description) {
    if (hardware_id != DeviceConfig().hardware_id) names.hardware_ids[0] = widen(hardware_id);
    take_ids(space, names);
    names.instance =
        widen(fmt::format("3&0&{}&{:02X}", space.bus_number(), space.slot() << 3 | space.function()));
    description.device_id = names.device_id.c_str();
    description.instance_id = names.instance.c_str();
    for (std::size_t i = 0; i < names.hardware_ids.size(); ++i) {
        const auto text = [](const std::u16string& id) { return id.empty() ? nullptr : id.c_str(); };
        description.hardware_ids[i] = text(names.hardware_ids[i]);
        description.compatible_ids[i] = text(names.compatible_ids[i]);
    }
    description.bus_type = PCIBus;
    description.bus_number = space.bus_number();
    description.address = space.slot() << 16 | space.function();
    description.d1 = description.d2 = true;
    description.access_config = access_config;
    description.config_context = &space;
}

}  // namespace portico::machine
