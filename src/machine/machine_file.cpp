#include "machine/machine_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "hardware/models.h"
#include "machine/schedule.h"

namespace portico::machine {
namespace {

class Reader {
  public:
    Reader(const std::string& path, MachineConfig& config) : path_(path), config_(config) {}

    Result<void> read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            const std::string name(key.str());
            if (name == "driver") {
                PORTICO_TRY_VOID(take_driver(node));
            } else if (name == "seed") {
                PORTICO_TRY_VOID(take_integer(node, name, 0, INT64_MAX, [&](std::int64_t v) {
                    config_.seed = static_cast<std::uint64_t>(v);
                }));
            } else if (name == "processors") {
                PORTICO_TRY_VOID(take_integer(node, name, 1, 8, [&](std::int64_t v) {
                    config_.processors = static_cast<unsigned>(v);
                }));
            } else if (name == "schedule") {
                PORTICO_TRY_VOID(take_schedule(node));
            } else if (name == "exact_sequencer") {
                PORTICO_TRY_VOID(take_flag(node, name, config_.exact_sequencer));
            } else if (name == "device") {
                PORTICO_TRY_VOID(take_devices(node));
            } else if (name == "registry") {
                PORTICO_TRY_VOID(take_registry(node));
            } else if (name == "registry_files") {
                PORTICO_TRY_VOID(take_registry_files(node));
            } else {
                return error(key.source(), name,
                             "no such key; a machine file knows driver, seed, processors, schedule, "
                             "exact_sequencer, device, registry, registry_files");
            }
        }
        return {};
    }

  private:
    Error error(const toml::source_region& where, const std::string& key, const std::string& what) const {
        return Error{fmt::format("{}:{}: {}: {}", path_, where.begin.line, key, what)};
    }
    Error error(const toml::node& node, const std::string& key, const std::string& what) const {
        return error(node.source(), key, what);
    }

    std::string relative(const std::string& path) const {
        const std::filesystem::path p(path);
        if (p.is_absolute() || path.find('/') == std::string::npos) return path;
        return (std::filesystem::path(path_).parent_path() / p).lexically_normal().string();
    }

    Result<void> take_driver(const toml::node& node) {
        const auto value = node.value<std::string>();
        if (!value || value->empty())
            return error(node, "driver", "the path or name of a driver's image is wanted");
        config_.driver = relative(*value);
        return {};
    }

    template <class Take>
    Result<void> take_integer(const toml::node& node, const std::string& key, std::int64_t least,
                              std::int64_t most, Take&& take) {
        const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt;
        if (!value || *value < least || *value > most)
            return error(node, key, fmt::format("a whole number from {} to {} is wanted", least, most));
        take(*value);
        return {};
    }

    Result<void> take_schedule(const toml::node& node) {
        const auto taken = parse_schedule(node.value<std::string>().value_or(""), config_);
        return taken.ok() ? Result<void>{} : error(node, "schedule", taken.error().message);
    }

    Result<void> take_flag(const toml::node& node, const std::string& key, bool& flag) {
        if (!node.is_boolean()) return error(node, key, "true or false is wanted");
        flag = *node.value<bool>();
        return {};
    }

    Result<void> take_devices(const toml::node& node) {
        const toml::array* const devices = node.as_array();
        if (devices == nullptr || !devices->is_array_of_tables())
            return error(node, "device", "write [[device]] before each device's keys");
        config_.devices.clear();
        for (const toml::node& device : *devices) PORTICO_TRY_VOID(take_device(*device.as_table()));
        return {};
    }

    Result<void> take_device(const toml::table& table) {
        DeviceConfig device;
        if (const toml::node* const model = table.get("model")) {
            const auto name = model->value<std::string>();
            if (!name || hardware::find_model(*name) == nullptr)
                return error(*model, "model", "no such device model; 'portico devices' lists them");
            device.model = *name;
        }
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            if (name == "model") continue;
            if (name == "name" || name == "hardware_id") {
                const auto value = node.value<std::string>();
                if (!value || value->empty()) return error(node, name, "a text is wanted");
                (name == "name" ? device.name : device.hardware_id) = *value;
            } else if (name == "resources") {
                PORTICO_TRY_VOID(take_resources(node, device));
            } else {
                PORTICO_TRY_VOID(take_parameter(node, name, device));
            }
        }
        config_.devices.push_back(std::move(device));
        return {};
    }

    // Given to the model once here, so that a wrong value is told with its line.
    Result<void> take_parameter(const toml::node& node, const std::string& key, DeviceConfig& device) {
        std::string text;
        if (node.is_string())
            text = *node.value<std::string>();
        else if (node.is_boolean())
            text = *node.value<bool>() ? "true" : "false";
        else if (node.is_integer())
            text = fmt::format("{}", *node.value<std::int64_t>());
        else
            return error(node, key, "a number, a text, true or false is wanted");
        if (device.model.empty())
            return error(node, key, "a device without a model has only name, hardware_id and resources");
        auto probe = hardware::create_device(device.model, device.name);
        if (!probe.ok()) return error(node, key, probe.error().message);
        const auto set = probe.value()->set(key, text);
        if (!set.ok()) return error(node, key, set.error().message);
        device.parameters[key] = text;
        return {};
    }

    Result<void> take_resources(const toml::node& node, DeviceConfig& device) {
        const toml::array* const list = node.as_array();
        if (list == nullptr)
            return error(node, "resources", "a list is wanted: [{ port = 0x330, length = 2 }, { irq = 9 }]");
        for (const toml::node& entry : *list) {
            const toml::table* const table = entry.as_table();
            if (table == nullptr)
                return error(entry, "resources", "each is a table: { port = 0x330, length = 2 }");
            Resource resource;
            bool kind = false;
            for (const auto& [key, value] : *table) {
                const std::string name(key.str());
                const auto number = value.value<std::int64_t>();
                const auto is_kind = [&](const char* wanted, Resource::Kind k) {
                    if (name != wanted) return false;
                    resource.kind = k;
                    resource.base = static_cast<std::uint64_t>(number.value_or(0));
                    kind = true;
                    return true;
                };
                if (name == "latched" || name == "shared") {
                    PORTICO_TRY_VOID(
                        take_flag(value, name, name == "latched" ? resource.latched : resource.shared));
                    continue;
                }
                if (!number || *number < 0) return error(value, name, "a whole number from 0 is wanted");
                if (name == "length")
                    resource.length = static_cast<std::uint64_t>(*number);
                else if (!is_kind("port", Resource::Kind::port) &&
                         !is_kind("irq", Resource::Kind::interrupt) &&
                         !is_kind("memory", Resource::Kind::memory) && !is_kind("dma", Resource::Kind::dma))
                    return error(
                        value, name,
                        "no such key; a resource has port, irq, memory or dma, and length, latched, shared");
            }
            if (!kind) return error(entry, "resources", "a resource needs port, irq, memory or dma");
            device.resources.push_back(resource);
        }
        return {};
    }

    // [registry] and its sub-tables are keys under the driver's; values are numbers, texts and lists of
    // bytes.
    Result<void> take_registry(const toml::node& node, const std::string& key = "") {
        const toml::table* const table = node.as_table();
        if (table == nullptr) return error(node, "registry", "a table is wanted: [registry]");
        for (const auto& [name, value] : *table) {
            RegistryValue entry{key, std::string(name.str()), {}};
            if (value.is_table()) {
                PORTICO_TRY_VOID(take_registry(value, key.empty() ? entry.name : key + "\\" + entry.name));
                continue;
            }
            if (const auto text = value.value<std::string>(); value.is_string()) {
                entry.value = *text;
            } else if (value.is_integer() && *value.value<std::int64_t>() >= 0 &&
                       *value.value<std::int64_t>() <= UINT32_MAX) {
                entry.value = static_cast<std::uint32_t>(*value.value<std::int64_t>());
            } else if (const toml::array* const list = value.as_array()) {
                std::vector<std::uint8_t> bytes;
                for (const toml::node& byte : *list) {
                    const auto number = byte.value<std::int64_t>();
                    if (!number || *number < 0 || *number > 255)
                        return error(byte, entry.name, "bytes from 0 to 255 are wanted");
                    bytes.push_back(static_cast<std::uint8_t>(*number));
                }
                entry.value = std::move(bytes);
            } else {
                return error(value, entry.name, "a 32-bit number, a text or a list of bytes is wanted");
            }
            config_.registry.push_back(std::move(entry));
        }
        return {};
    }

    Result<void> take_registry_files(const toml::node& node) {
        const toml::array* const list = node.as_array();
        if (list == nullptr) return error(node, "registry_files", "a list of paths is wanted");
        for (const toml::node& entry : *list) {
            const auto value = entry.value<std::string>();
            if (!value) return error(entry, "registry_files", "a path is wanted");
            config_.registry_files.push_back(relative(*value));
        }
        return {};
    }

    const std::string& path_;
    MachineConfig& config_;
};

}  // namespace

Result<void> parse_machine(const std::string& text, const std::string& path, MachineConfig& config) {
    const toml::parse_result parsed = toml::parse(text, path);
    if (!parsed) {
        return Error{
            fmt::format("{}:{}: {}", path, parsed.error().source().begin.line, parsed.error().description())};
    }
    return Reader(path, config).read(parsed.table());
}

Result<void> read_machine_file(const std::string& path, MachineConfig& config) {
    constexpr std::size_t size_max = 1u << 20;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        return Error{fmt::format("{}: cannot be read: {}", path,
                                 std::filesystem::is_directory(path) ? "is a folder" : std::strerror(errno))};
    }
    std::string text(size_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > size_max) return Error{fmt::format("{}: a machine file has at most 1 MiB", path)};
    return parse_machine(text, path, config);
}

std::string machine_toml(const MachineConfig& config) {
    toml::table root;
    root.insert("driver", config.driver);
    root.insert("seed", static_cast<std::int64_t>(config.seed));
    root.insert("processors", static_cast<std::int64_t>(config.processors));
    root.insert("schedule", schedule_text(config));
    root.insert("exact_sequencer", config.exact_sequencer);
    toml::array devices;
    for (const DeviceConfig& device : config.devices) {
        toml::table table;
        if (!device.model.empty()) table.insert("model", device.model);
        if (!device.name.empty()) table.insert("name", device.name);
        table.insert("hardware_id", device.hardware_id);
        for (const auto& [key, value] : device.parameters) table.insert(key, value);
        toml::array resources;
        for (const Resource& resource : device.resources) {
            static constexpr const char* const kinds[] = {"port", "irq", "memory", "dma"};
            toml::table entry;
            entry.insert(kinds[static_cast<unsigned>(resource.kind)],
                         static_cast<std::int64_t>(resource.base));
            entry.insert("length", static_cast<std::int64_t>(resource.length));
            entry.insert("latched", resource.latched);
            entry.insert("shared", resource.shared);
            resources.push_back(std::move(entry));
        }
        if (!resources.empty()) table.insert("resources", std::move(resources));
        devices.push_back(std::move(table));
    }
    if (!devices.empty()) root.insert("device", std::move(devices));
    toml::array files;
    for (const std::string& file : config.registry_files) files.push_back(file);
    if (!files.empty()) root.insert("registry_files", std::move(files));
    std::ostringstream out;
    out << root << '\n';
    return out.str();
}

}  // namespace portico::machine
