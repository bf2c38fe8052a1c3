// A device's parameters as text: what a configuration says becomes a model.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hardware/device.h"
#include "machine/toml.h"
#include "portico/portico.h"

namespace portico::machine {

// The model with its parameters set, not yet powered. The error is one line.
Result<std::unique_ptr<hardware::Device>> make_model(const DeviceConfig& config);
// Sets a parameter of one value, or the text of a list or table.
Result<void> set_parameter(hardware::Device& model, const std::string& key, const std::string& text);

// Lists and tables of TOML, with their lines; and back, on one line.
std::optional<hardware::TreeError> tree_of(const toml::node& node, hardware::Tree& tree);
std::optional<hardware::TreeError> parse_tree(const std::string& text, hardware::Tree& tree);
std::string tree_text(const hardware::Tree& tree);

}  // namespace portico::machine
