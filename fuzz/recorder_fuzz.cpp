// Any text as the description of a recorder, then random accesses of what it describes: "TEXT\0ACCESSES".
#include <cstring>

#include "machine/device_parameters.h"
#include "machine/machine_file.h"
#include "register_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico;
    const auto* const end = static_cast<const std::uint8_t*>(std::memchr(data, 0, size));
    const std::size_t length = end == nullptr ? size : static_cast<std::size_t>(end - data);
    const std::string text = "[[device]]\nmodel = \"pci:recorder:mpu401\"\n" +
                             std::string(reinterpret_cast<const char*>(data), length);
    MachineConfig config;
    machine::Ends ends;
    const auto read = machine::parse_machine(text, "fuzz.toml", config, ends);
    if (!read.ok()) {
        PORTICO_CHECK(read.error().message.rfind("fuzz.toml:", 0) == 0);
        PORTICO_CHECK(read.error().message.find('\n') == std::string::npos);
        return 0;
    }
    for (const DeviceConfig& wanted : config.devices) {
        if (wanted.model.empty()) continue;
        // What the file's reader took, the machine takes.
        auto device = machine::make_model(wanted);
        PORTICO_CHECK(device.ok());
        fuzz::RegisterSession session(*device.value());
        if (end != nullptr) session.run(end + 1, size - length - 1);
    }
    return 0;
}
