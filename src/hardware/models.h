// Device models by name, for machine files and the command line.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "hardware/device.h"

namespace portico::hardware {

// All models, by name.
std::span<const Model* const> models();

// Null when there is none of that name.
const Model* find_model(std::string_view name);

// A device of the model, or of one in front of another ("pci:recorder:mpu401"), with its defaults, not yet
// powered. `name` tells several of one model apart; empty: the model's. The error names the models there are.
Result<std::unique_ptr<Device>> create_device(std::string_view model, std::string_view name);

// The model's parameters, one a line: key, default, what is possible, help; then those of its tables.
std::string describe(const Model& model);

}  // namespace portico::hardware
