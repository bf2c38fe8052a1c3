// A machine as text: what a replay file keeps of it.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "machine/machine_file.h"
#include "machine/resources.h"
#include "machine/schedule.h"
#include "machine/toml.h"

namespace portico::machine {
namespace {

toml::array array_of(const std::vector<std::uint8_t>& bytes) {
    toml::array array;
    for (const std::uint8_t byte : bytes) array.push_back(static_cast<std::int64_t>(byte));
    return array;
}

toml::array array_of(const std::vector<std::string>& texts) {
    toml::array array;
    for (const std::string& text : texts) array.push_back(text);
    return array;
}

std::int64_t toml_of(std::uint32_t number) {
    return number;
}
const std::string& toml_of(const std::string& text) {
    return text;
}
template <class Item>
toml::array toml_of(const std::vector<Item>& list) {
    return array_of(list);
}

void insert(toml::table& table, const RegistryValue& value) {
    std::visit([&](const auto& content) { table.insert(value.name, toml_of(content)); }, value.value);
}

// The sub-table for a key's path, made when it is missing; null: a value has that name.
toml::table* table_of(toml::table& root, std::string_view key) {
    toml::table* table = &root;
    while (table != nullptr && !key.empty()) {
        const auto end = std::min(key.find('\\'), key.size());
        table = table->insert(key.substr(0, end), toml::table()).first->second.as_table();
        key.remove_prefix(std::min(end + 1, key.size()));
    }
    return table;
}

toml::table registry_of(const MachineConfig& config) {
    toml::table root;
    for (const RegistryValue& value : config.registry) {
        if (toml::table* const table = table_of(root, value.key)) insert(*table, value);
    }
    return root;
}

toml::array resources_of(const DeviceConfig& device) {
    toml::array resources;
    for (const Resource& resource : device.resources) {
        toml::table entry;
        entry.insert(resource_keys[static_cast<unsigned>(resource.kind)],
                     static_cast<std::int64_t>(resource.base));
        entry.insert("length", static_cast<std::int64_t>(resource.length));
        entry.insert("latched", resource.latched);
        entry.insert("shared", resource.shared);
        resources.push_back(std::move(entry));
    }
    return resources;
}

toml::table table_of(const DeviceConfig& device) {
    toml::table table;
    if (!device.model.empty()) table.insert("model", device.model);
    if (!device.name.empty()) table.insert("name", device.name);
    if (!device.driver.empty()) {
        table.insert("driver", std::filesystem::absolute(device.driver).lexically_normal().string());
    }
    if (!device.inf.empty())
        table.insert("inf", std::filesystem::absolute(device.inf).lexically_normal().string());
    table.insert("hardware_id", device.hardware_id);
    for (const auto& [key, value] : device.parameters) table.insert(key, value);
    if (!device.resources.empty()) table.insert("resources", resources_of(device));
    return table;
}

}  // namespace

std::string machine_toml(const MachineConfig& config) {
    toml::table root;
    root.insert("processors", static_cast<std::int64_t>(config.processors));
    root.insert("schedule", schedule_text(config));
    root.insert("exact_sequencer", config.exact_sequencer);
    root.insert("force_irql_checking", config.force_irql_checking);
    if (!config.inf.empty())
        root.insert("inf", std::filesystem::absolute(config.inf).lexically_normal().string());
    toml::array devices;
    for (const DeviceConfig& device : config.devices) devices.push_back(table_of(device));
    if (!devices.empty()) root.insert("device", std::move(devices));
    if (!config.registry.empty()) root.insert("registry", registry_of(config));
    std::ostringstream out;
    out << root << '\n';
    return out.str();
}

}  // namespace portico::machine
