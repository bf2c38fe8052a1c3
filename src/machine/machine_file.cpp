#include "machine/machine_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "hardware/models.h"
#include "machine/device_parameters.h"
#include "machine/input_file.h"
#include "machine/resources.h"
#include "machine/schedule.h"
#include "machine/toml.h"

namespace portico::machine {
namespace {

// Keys and what the parser quotes of a file may hold anything.
std::string on_one_line(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
}

class Reader {
  public:
    Reader(const std::string& path, MachineConfig& config, Ends& ends)
        : path_(path), config_(config), ends_(ends) {}

    Result<void> read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            const std::string name(key.str());
            if (name == "driver") {
                PORTICO_TRY_VOID(take_driver(node, config_.driver));
            } else if (name == "inf") {
                PORTICO_TRY_VOID(take_path(node, name, config_.inf));
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
            } else if (name == "force_irql_checking") {
                PORTICO_TRY_VOID(take_flag(node, name, config_.force_irql_checking));
            } else if (name == "device") {
                PORTICO_TRY_VOID(take_devices(node));
            } else if (name == "registry") {
                PORTICO_TRY_VOID(take_registry(node));
            } else if (name == "registry_files") {
                PORTICO_TRY_VOID(take_paths(node, name, config_.registry_files));
            } else if (name == "ends") {
                PORTICO_TRY_VOID(take_ends(node));
            } else {
                return error(
                    key.source(), name,
                    "no such key; a machine file knows driver, seed, processors, schedule, "
                    "exact_sequencer, force_irql_checking, device, inf, registry, registry_files, ends");
            }
        }
        return {};
    }

  private:
    Error error(const toml::source_region& where, const std::string& key, const std::string& what) const {
        return Error{on_one_line(fmt::format("{}:{}: {}: {}", path_, where.begin.line, key, what))};
    }
    Error error(const toml::node& node, const std::string& key, const std::string& what) const {
        return error(node.source(), key, what);
    }

    // Paths count from the machine file's folder.
    std::string relative(const std::string& path) const {
        return (std::filesystem::path(path_).parent_path() / path).lexically_normal().string();
    }

    Result<void> take_driver(const toml::node& node, std::string& driver) {
        const auto value = node.value<std::string>();
        if (!value || value->empty())
            return error(node, "driver", "the path or name of a driver's image is wanted");
        // One without folder and extension is the name of a driver that comes along.
        const bool is_name =
            value->find('/') == std::string::npos && !std::filesystem::path(*value).has_extension();
        driver = is_name ? *value : relative(*value);
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
        // Given each parameter once here, so that a wrong one is told with its line.
        std::unique_ptr<hardware::Device> probe;
        if (const toml::node* const model = table.get("model")) {
            const auto name = model->value<std::string>();
            if (!name) return error(*model, "model", "the name of a device model is wanted");
            auto known = hardware::create_device(*name, "");
            if (!known.ok()) return error(*model, "model", known.error().message);
            probe = std::move(known).value();
            device.model = *name;
        }
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            if (name == "model") continue;
            if (name == "name" || name == "hardware_id") {
                const auto value = node.value<std::string>();
                if (!value || value->empty()) return error(node, name, "a text is wanted");
                (name == "name" ? device.name : device.hardware_id) = *value;
            } else if (name == "driver") {
                PORTICO_TRY_VOID(take_driver(node, device.driver));
            } else if (name == "inf") {
                PORTICO_TRY_VOID(take_path(node, name, device.inf));
            } else if (name == "resources") {
                PORTICO_TRY_VOID(take_resources(node, device));
            } else {
                PORTICO_TRY_VOID(take_parameter(node, name, device, probe.get()));
            }
        }
        if (probe != nullptr) {
            const auto possible = probe->check();
            if (!possible.ok()) return error(table, "device", possible.error().message);
        }
        config_.devices.push_back(std::move(device));
        return {};
    }

    Result<void> take_parameter(const toml::node& node, const std::string& key, DeviceConfig& device,
                                hardware::Device* probe) {
        if (probe == nullptr)
            return error(node, key,
                         "a device without a model has only name, driver, inf, hardware_id and resources");
        if (probe->takes_tree(key)) return take_tree(node, key, device, *probe);
        // [device.mpu401]: parameters of the model behind, where both have the key.
        if (const toml::table* const inner = node.as_table()) {
            for (const auto& [name, value] : *inner)
                PORTICO_TRY_VOID(take_parameter(value, key + '.' + std::string(name.str()), device, probe));
            return {};
        }
        std::string text;
        if (node.is_string())
            text = *node.value<std::string>();
        else if (node.is_boolean())
            text = *node.value<bool>() ? "true" : "false";
        else if (node.is_integer())
            text = fmt::format("{}", *node.value<std::int64_t>());
        else
            return error(node, key, "a number, a text, true or false is wanted");
        const auto set = probe->set(key, text);
        if (!set.ok()) return error(node, key, set.error().message);
        device.parameters[key] = text;
        return {};
    }

    // A list or a table; or its text, as a replay file has it.
    Result<void> take_tree(const toml::node& node, const std::string& key, DeviceConfig& device,
                           hardware::Device& probe) {
        hardware::Tree tree;
        auto wrong = node.is_string() ? parse_tree(*node.value<std::string>(), tree) : tree_of(node, tree);
        if (!wrong) wrong = probe.set_tree(key, tree);
        if (wrong) {
            const unsigned line = node.is_string() ? node.source().begin.line : wrong->line;
            return Error{on_one_line(fmt::format("{}:{}: {}: {}", path_, line, wrong->key, wrong->message))};
        }
        device.parameters[key] = tree_text(tree);
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
            PORTICO_TRY_VOID(take_resource(*table, resource));
            if (const std::string wrong = wrong_with(resource); !wrong.empty())
                return error(entry, "resources", wrong);
            device.resources.push_back(resource);
        }
        return {};
    }

    Result<void> take_resource(const toml::table& table, Resource& resource) {
        unsigned kinds = 0;
        for (const auto& [key, value] : table) {
            const std::string name(key.str());
            if (name == "latched" || name == "shared") {
                PORTICO_TRY_VOID(
                    take_flag(value, name, name == "latched" ? resource.latched : resource.shared));
                continue;
            }
            const auto kind = std::find(resource_keys.begin(), resource_keys.end(), name);
            if (name != "length" && kind == resource_keys.end()) {
                return error(
                    key.source(), name,
                    "no such key; a resource has port, irq, memory or dma, and length, latched, shared");
            }
            PORTICO_TRY_VOID(take_integer(value, name, 0, INT64_MAX, [&](std::int64_t number) {
                (name == "length" ? resource.length : resource.base) = static_cast<std::uint64_t>(number);
            }));
            if (name == "length") continue;
            resource.kind = static_cast<Resource::Kind>(kind - resource_keys.begin());
            ++kinds;
        }
        if (kinds == 1) return {};
        return error(table, "resources", "a resource has one of port, irq, memory and dma");
    }

    // [registry] and its sub-tables are keys under the driver's; values are numbers, texts, lists of bytes or
    // of texts.
    Result<void> take_registry(const toml::node& node, const std::string& key = "") {
        const toml::table* const table = node.as_table();
        if (table == nullptr) return error(node, "registry", "a table is wanted: [registry]");
        for (const auto& [name, value] : *table) {
            if (name.length() > registry_name_limit)
                return error(name.source(), "registry", "a name has at most 255 bytes");
            if (value.is_table()) {
                const std::string below(name.str());
                if (below.empty()) return error(value, "registry", "a key without a name");
                PORTICO_TRY_VOID(take_registry(value, key.empty() ? below : key + "\\" + below));
                continue;
            }
            PORTICO_TRY_VOID(take_registry_value(value, {key, std::string(name.str()), {}}));
        }
        return {};
    }

    Result<void> take_registry_value(const toml::node& node, RegistryValue value) {
        const auto number = node.is_integer() ? *node.value<std::int64_t>() : -1;
        if (node.is_string()) {
            value.value = *node.value<std::string>();
        } else if (number >= 0 && number <= UINT32_MAX) {
            value.value = static_cast<std::uint32_t>(number);
        } else if (const toml::array* const list = node.as_array()) {
            PORTICO_TRY_VOID(take_registry_list(*list, value));
        } else {
            return error(node, value.name,
                         "a 32-bit number, a text, a list of bytes or a list of texts is wanted");
        }
        config_.registry.push_back(std::move(value));
        return {};
    }

    Result<void> take_registry_list(const toml::array& list, RegistryValue& value) {
        if (!list.empty() && list.front().is_string()) {
            auto& texts = value.value.emplace<std::vector<std::string>>();
            for (const toml::node& node : list) {
                const auto text = node.value<std::string>();
                // An empty one would end the list (REG_MULTI_SZ).
                if (!text || text->empty())
                    return error(node, value.name, "every entry is a text that is not empty");
                texts.push_back(*text);
            }
            return {};
        }
        auto& bytes = value.value.emplace<std::vector<std::uint8_t>>();
        for (const toml::node& node : list) {
            const auto number = node.is_integer() ? *node.value<std::int64_t>() : -1;
            if (number < 0 || number > 255) return error(node, value.name, "bytes from 0 to 255 are wanted");
            bytes.push_back(static_cast<std::uint8_t>(number));
        }
        return {};
    }

    Result<void> take_path(const toml::node& node, const std::string& key, std::string& path) {
        const auto value = node.value<std::string>();
        if (!value || value->empty()) return error(node, key, "a path is wanted");
        path = relative(*value);
        return {};
    }

    Result<void> take_paths(const toml::node& node, const std::string& key, std::vector<std::string>& paths) {
        const toml::array* const list = node.as_array();
        if (list == nullptr) return error(node, key, "a list of paths is wanted");
        for (const toml::node& entry : *list) PORTICO_TRY_VOID(take_path(entry, key, paths.emplace_back()));
        return {};
    }

    Result<void> take_ends(const toml::node& node) {
        const toml::table* const table = node.as_table();
        if (table == nullptr) return error(node, "ends", "a table is wanted: [ends]");
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            if (name == "out" && value.is_array()) {
                PORTICO_TRY_VOID(take_paths(value, name, ends_.outputs));
            } else if (name == "out") {
                PORTICO_TRY_VOID(take_path(value, name, ends_.outputs.emplace_back()));
            } else if (name == "in") {
                PORTICO_TRY_VOID(take_path(value, name, ends_.input));
            } else if (name == "synth") {
                PORTICO_TRY_VOID(take_path(value, name, ends_.synth));
            } else {
                return error(key.source(), name, "no such key; [ends] knows out, in, synth");
            }
        }
        return {};
    }

    static constexpr std::size_t registry_name_limit = 255;

    const std::string& path_;
    MachineConfig& config_;
    Ends& ends_;
};

}  // namespace

namespace {

// What toml++ does not check itself: it goes as deep as a line's dotted keys are long, and its destructors
// do, too; it does not expect control characters everywhere.
Result<void> check_text(const std::string& text, const std::string& path) {
    constexpr std::size_t dots_max = 256;
    std::size_t line = 1;
    std::size_t dots = 0;
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if ((code < 0x20 && c != '\n' && c != '\r' && c != '\t') || code == 0x7f) {
            return Error{
                fmt::format("{}:{}: a control character ({:#04x}) has no place in TOML", path, line, code)};
        }
        if (c == '\n') ++line;
        dots = c == '\n' ? 0 : dots + (c == '.');
        if (dots > dots_max)
            return Error{fmt::format("{}:{}: a line has at most {} dots", path, line, dots_max)};
    }
    return {};
}

}  // namespace

Result<void> parse_machine(const std::string& text, const std::string& path, MachineConfig& config,
                           Ends& ends) {
    PORTICO_TRY_VOID(check_text(text, path));
    const toml::parse_result parsed = toml::parse(text, path);
    if (!parsed) {
        return Error{on_one_line(fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                                             parsed.error().description()))};
    }
    return Reader(path, config, ends).read(parsed.table());
}

Result<void> read_machine_file(const std::string& path, MachineConfig& config, Ends& ends) {
    constexpr std::size_t size_max = 1u << 20;
    const std::string text = PORTICO_TRY(read_input(path, size_max));
    if (text.size() > size_max) return Error{fmt::format("{}: a machine file has at most 1 MiB", path)};
    return parse_machine(text, path, config, ends);
}

}  // namespace portico::machine
