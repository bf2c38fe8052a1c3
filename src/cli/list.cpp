#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/verbs.h"
#include "ends/back_ends.h"
#include "hardware/models.h"

namespace portico::cli {
namespace {

nlohmann::json json_of(std::span<const hardware::Parameter> parameters, const void* defaults) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& parameter : parameters) {
        list.push_back({{"key", parameter.key},
                        {"help", parameter.help},
                        {"range", hardware::range_of(parameter)},
                        {"default", hardware::text_of(parameter, defaults)}});
    }
    return list;
}

nlohmann::json json_of(const hardware::Model& model) {
    nlohmann::json json{{"name", model.name}, {"summary", model.summary}};
    json["parameters"] = json_of(model.parameters, model.defaults);
    if (model.tables == nullptr) return json;
    for (const hardware::TableKind& kind : model.tables())
        json["tables"].push_back(
            {{"name", kind.name}, {"parameters", json_of(kind.parameters, kind.defaults)}});
    return json;
}

std::string text_of(const hardware::Model& model) {
    return fmt::format("{}: {}\n{:<24} {:<10} {:<40} {}\n{}\n", model.name, model.summary, "parameter",
                       "default", "range", "meaning", hardware::describe(model));
}

bool is_installed(const std::string& program) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

std::string row(bool there, std::string_view name, const std::string& text) {
    return fmt::format("  {:<8} {:<12} {}\n", there ? "ok" : "missing", name, text);
}

}  // namespace

int devices(bool json) {
    nlohmann::json list;
    std::string text;
    for (const hardware::Model* model : hardware::models()) {
        list["models"].push_back(json_of(*model));
        text += text_of(*model);
    }
    text += "Drivers that come along:\n";
    for (const BundledDriver& driver : bundled_drivers()) {
        if (driver.path.empty()) continue;
        list["drivers"].push_back(driver.name);
        text += fmt::format("  {:<10} {}\n", driver.name, driver.purpose);
    }
    return print_out(json ? list.dump(2) + "\n" : text, 0);
}

int doctor() {
    int code = 0;
    std::string out;
    for (const ends::BackEnd& end : ends::back_ends()) {
        const auto version = end.available();
        out += row(
            version.ok(), end.name,
            fmt::format("{} ({})", version.ok() ? version.value() : version.error().message, end.purpose));
        if (!version.ok()) code = static_cast<int>(ExitCode::missing);
    }
    const bool dot = is_installed("dot");
    out += row(dot, "dot",
               dot ? "there (pictures of filters)" : "apt-get install graphviz (pictures of filters)");
    if (!dot) code = static_cast<int>(ExitCode::missing);
    for (const BundledDriver& driver : bundled_drivers()) {
        out += row(!driver.path.empty(), driver.name,
                   fmt::format("{} (driver: {})", driver.path.empty() ? "not built: run ./demo" : driver.path,
                               driver.purpose));
        if (driver.path.empty()) code = static_cast<int>(ExitCode::missing);
    }
    return print_out(out, code);
}

}  // namespace portico::cli
