// The registry as the machine's configuration fills it, before the driver runs.
#include <fmt/format.h>

#include "machine/input_file.h"
#include "machine/state.h"
#include "nt/cm/cm.h"
#include "nt/cm/text.h"
#include "nt/io/pnp_registry.h"

namespace portico {
namespace {

Result<machine::RegistryFile> read_registry_file(const std::string& path) {
    constexpr std::size_t size_max = 16u << 20;
    std::string bytes = PORTICO_TRY(machine::read_input(path, size_max));
    if (bytes.size() > size_max)
        return Error{fmt::format("{}: a registration file has at most 16 MiB", path)};
    return machine::RegistryFile{path, std::move(bytes)};
}

// A value as the registry keeps it.
struct Data {
    ULONG type;
    std::vector<std::uint8_t> bytes;

    explicit Data(const std::uint32_t& number) : type(REG_DWORD) { append(&number, sizeof number); }
    explicit Data(const std::string& text) : type(REG_SZ) { append(text); }
    explicit Data(const std::vector<std::uint8_t>& binary) : type(REG_BINARY), bytes(binary) {}
    explicit Data(const std::vector<std::string>& texts) : type(REG_MULTI_SZ) {
        for (const std::string& text : texts) append(text);
        append(std::string());
    }

  private:
    void append(const void* data, std::size_t size) {
        const auto* const begin = static_cast<const std::uint8_t*>(data);
        bytes.insert(bytes.end(), begin, begin + size);
    }
    void append(const std::string& text) {
        const std::u16string wide = nt::cm::to_utf16(text);
        append(wide.c_str(), (wide.size() + 1) * sizeof(char16_t));
    }
};

NTSTATUS set_value(nt::io::DeviceNode& node, const RegistryValue& value) {
    const std::u16string key = nt::cm::to_utf16(value.key);
    const std::u16string name = nt::cm::to_utf16(value.name);
    if (name.size() > UNICODE_STRING_MAX_CHARS || key.size() > UNICODE_STRING_MAX_CHARS)
        return STATUS_OBJECT_NAME_INVALID;
    const Data data = std::visit([](const auto& content) { return Data(content); }, value.value);
    return nt::io::set_software_value(node, nt::cm::as_unicode(key), nt::cm::as_unicode(name), data.type,
                                      data.bytes.data(), static_cast<ULONG>(data.bytes.size()));
}

}  // namespace

Result<void> Machine::State::fill_registry() {
    const machine::RecordedRun* const run = machine::recorded_run();
    if (run != nullptr && run->again != nullptr) {
        registry_files = run->again->registry_files;
    } else {
        for (const std::string& path : config.registry_files)
            registry_files.push_back(PORTICO_TRY(read_registry_file(path)));
    }
    for (const auto& file : registry_files) PORTICO_TRY_VOID(nt::cm::load_reg(file.bytes, file.path));
    for (const RegistryValue& value : config.registry) {
        for (MachineDevice& device : devices) {
            const NTSTATUS status = set_value(*device.node, value);
            if (NT_SUCCESS(status)) continue;
            const std::string name = value.key.empty() ? value.name : value.key + "\\" + value.name;
            return Error{
                fmt::format("registry value \"{}\": cannot be set: {}", name, machine::status_name(status))};
        }
    }
    return {};
}

}  // namespace portico
