#include "hardware/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/nearest.h"
#include "hardware/mc6850/mc6850.h"
#include "hardware/mpu401/mpu401.h"
#include "hardware/opl3/opl3.h"
#include "hardware/pci/pci.h"
#include "hardware/recorder/recorder.h"
#include "hardware/sb16/sb16.h"

namespace portico::hardware {
namespace {

const std::array all{&Mc6850::model, &Mpu401::model,   &Opl3::model,
                     &Pci::model,    &Recorder::model, &Sb16::model};

std::string no_such_model(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Model* const model : all) names.emplace_back(model->name);
    const std::string meant = nearest(name, names);
    if (!meant.empty()) return fmt::format("no device model \"{}\"; did you mean {}?", name, meant);
    return fmt::format("no device model \"{}\"; there are {}", name, fmt::join(names, ", "));
}

}  // namespace

std::span<const Model* const> models() {
    return all;
}

const Model* find_model(std::string_view name) {
    for (const Model* const model : all) {
        if (name == model->name) return model;
    }
    return nullptr;
}

Result<std::unique_ptr<Device>> create_device(std::string_view model, std::string_view name) {
    const std::size_t colon = model.find(':');
    const std::string_view front = model.substr(0, colon);
    const Model* const found = find_model(front);
    if (found == nullptr) return Error{no_such_model(front)};
    const char* const lasting = lasting_name(name.empty() ? model : name);
    if (lasting == nullptr) return Error{fmt::format("{}: too many different device names", name)};
    if (colon == std::string_view::npos) {
        if (found->create != nullptr) return found->create(lasting);
        return Error{fmt::format("{0} stands in front of another model: write \"{0}:mpu401\"", front)};
    }
    if (found->create_front == nullptr)
        return Error{fmt::format("{} cannot stand in front of another model", front)};
    if (std::count(model.begin(), model.end(), ':') > 2)
        return Error{"at most two models stand in front of another"};
    auto behind = PORTICO_TRY(create_device(model.substr(colon + 1), lasting));
    // One inside the other: a PCI function has a bus in front of it, and a chain has an end.
    if (behind->model().create_front != nullptr &&
        (found == &behind->model() || behind->config_space() != nullptr))
        return Error{fmt::format("{} cannot stand in front of {}", front, behind->model().name)};
    return found->create_front(lasting, std::move(behind));
}

namespace {

std::string rows(std::span<const Parameter> parameters, const void* defaults) {
    std::string text;
    for (const Parameter& parameter : parameters) {
        text += fmt::format("{:<24} {:<10} {:<40} {}\n", parameter.key, text_of(parameter, defaults),
                            range_of(parameter), parameter.help);
    }
    return text;
}

}  // namespace

std::string describe(const Model& model) {
    std::string text = rows(model.parameters, model.defaults);
    if (model.tables == nullptr) return text;
    for (const TableKind& kind : model.tables())
        text += fmt::format("{}\n{}", kind.name, rows(kind.parameters, kind.defaults));
    return text;
}

}  // namespace portico::hardware
