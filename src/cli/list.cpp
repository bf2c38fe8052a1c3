#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "ends/back_ends.h"
#include "hardware/models.h"

namespace portico::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> bundled_drivers() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(PORTICO_DRIVER_FOLDER, error)) {
        if (entry.path().extension() == ".so" && entry.path().stem() != "portico_miniports")
            names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

int devices(bool json) {
    const auto drivers = bundled_drivers();
    if (json) {
        nlohmann::json out;
        for (const hardware::Model* model : hardware::models()) {
            nlohmann::json entry{{"name", model->name}, {"summary", model->summary}};
            for (const auto& parameter : model->parameters) {
                entry["parameters"].push_back({{"key", parameter.key},
                                               {"help", parameter.help},
                                               {"range", hardware::range_of(parameter)},
                                               {"default", hardware::text_of(parameter, model->defaults)}});
            }
            out["models"].push_back(entry);
        }
        out["drivers"] = drivers;
        fmt::print("{}\n", out.dump(2));
        return 0;
    }
    for (const hardware::Model* model : hardware::models()) {
        fmt::print("{}: {}\n{}\n", model->name, model->summary, hardware::describe(*model));
    }
    fmt::print("Drivers that come along: {}\n", fmt::join(drivers, ", "));
    return 0;
}

int doctor() {
    int code = 0;
    for (const ends::BackEnd& end : ends::back_ends()) {
        const auto version = end.available();
        if (version.ok()) {
            fmt::print("  ok       {:<12} {} ({})\n", end.name, version.value(), end.purpose);
        } else {
            fmt::print("  missing  {:<12} {} ({})\n", end.name, version.error().message, end.purpose);
            code = static_cast<int>(ExitCode::missing);
        }
    }
    const auto drivers = bundled_drivers();
    fmt::print(
        "  {:<8} {:<12} {}\n", drivers.empty() ? "missing" : "ok", "drivers",
        drivers.empty() ? "none built: run ./test or ./demo" : fmt::format("{}", fmt::join(drivers, ", ")));
    return drivers.empty() ? static_cast<int>(ExitCode::missing) : code;
}

}  // namespace portico::cli
