#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "build/process.h"
#include "cli/verbs.h"
#include "ends/back_ends.h"
#include "hardware/models.h"
#include "machine/run.h"
#include "report/graph_words.h"

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

nlohmann::json json_of(const Openable& item) {
    if (item.kind == Openable::Kind::symbolic_link)
        return {{"path", item.path}, {"target", item.target}, {"driver", item.driver}};
    return {{"path", item.path},
            {"driver", item.driver},
            {"device", item.device},
            {"reference", item.reference},
            {"class", item.interface_class},
            {"friendly_name", item.friendly_name}};
}

// A filter has an interface for each of its categories: they are shown together.
std::string filters_text(const std::vector<Openable>& list) {
    std::map<std::pair<std::string, std::string>, const Openable*> named;
    std::map<std::pair<std::string, std::string>, std::string> classes;
    for (const Openable& item : list) {
        if (item.kind != Openable::Kind::device_interface || item.reference.empty()) continue;
        const auto key = std::pair(item.device, item.reference);
        const Openable*& shown = named[key];
        if (shown == nullptr || shown->friendly_name.empty()) shown = &item;
        classes[key] += " " + item.interface_class;
    }
    std::string text = "Filters\n";
    for (const auto& [key, item] : named) {
        text += fmt::format("  {:<20} {:<28} device {}:{}\n", report::plain(key.second),
                            report::plain(item->friendly_name), report::plain(key.first), classes[key]);
    }
    return named.empty() ? "" : text;
}

std::string openable_text(const std::vector<Openable>& list) {
    std::string links, interfaces;
    for (const Openable& item : list) {
        if (item.kind == Openable::Kind::symbolic_link) {
            links += fmt::format("  {:<28} {:<28} driver {}\n", report::plain(item.path),
                                 report::plain(item.target), report::plain(item.driver));
        } else {
            interfaces += fmt::format("  {}\n      {}\n", report::plain(item.path), item.interface_class);
        }
    }
    if (!links.empty()) links = "Symbolic links\n" + links;
    if (!interfaces.empty()) interfaces = "Device interfaces\n" + interfaces;
    const std::string text = filters_text(list) + links + interfaces;
    return text.empty() ? "The driver offers nothing that a program could open.\n" : text;
}

int openable(const RunOptions& options) {
    const auto setup = setup_of(options);
    if (!setup.ok()) return fail(setup.error());
    auto machine = Machine::create(setup.value().machine);
    if (!machine.ok()) return fail(machine.error());
    const Status started = machine.value().start();
    if (!started.ok()) return fail(machine::driver_error(machine.value(), started));
    const std::vector<Openable> list = machine.value().openable();
    const int code = machine.value().findings().empty() ? 0 : static_cast<int>(ExitCode::findings);
    if (!options.json) return print_out(openable_text(list), code);
    nlohmann::json json{{"symbolic_links", nlohmann::json::array()}, {"interfaces", nlohmann::json::array()}};
    for (const Openable& item : list) {
        json[item.kind == Openable::Kind::symbolic_link ? "symbolic_links" : "interfaces"].push_back(
            json_of(item));
    }
    return print_out(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", code);
}

}  // namespace

int devices(const RunOptions& options) {
    if (!options.machine_file.empty() || !options.driver.empty() || !options.inf.empty())
        return openable(options);
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
    return print_out(options.json ? list.dump(2) + "\n" : text, 0);
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
    for (const char* const tool : {"clang", "ld.lld", "lld-link", "llvm-objcopy", "ninja"}) {
        const auto path = build::find_tool(tool);
        out += row(path.ok(), tool,
                   fmt::format("{} (builds drivers)", path.ok() ? *path : path.error().message));
        if (!path.ok()) code = static_cast<int>(ExitCode::missing);
    }
    for (const BundledDriver& driver : bundled_drivers()) {
        out += row(!driver.path.empty(), driver.name,
                   fmt::format("{} (driver: {})",
                               driver.path.empty()
                                   ? fmt::format("not built: tools/build optimised driver_{}", driver.name)
                                   : driver.path,
                               driver.purpose));
        if (driver.path.empty()) code = static_cast<int>(ExitCode::missing);
    }
    return print_out(out, code);
}

}  // namespace portico::cli
