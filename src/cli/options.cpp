#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <filesystem>

#include "cli/verbs.h"
#include "machine/machine_file.h"

namespace portico::cli {
namespace {

namespace fs = std::filesystem;

fs::path program_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

// "mpu401" is a driver that comes along; anything with a slash or an extension is a path.
std::string driver_path(const std::string& name) {
    if (name.find('/') != std::string::npos || fs::path(name).has_extension()) return name;
    for (const fs::path& folder : {program_folder() / "../drivers", program_folder() / "../lib/portico/drivers", fs::path(PORTICO_DRIVER_FOLDER)}) {
        const fs::path candidate = folder / (name + ".so");
        if (fs::exists(candidate)) return candidate.lexically_normal().string();
    }
    return name;
}

}  // namespace

Result<MachineConfig> machine_of(const RunOptions& options) {
    MachineConfig config;
    if (!options.machine_file.empty()) PORTICO_TRY_VOID(machine::read_machine_file(options.machine_file, config));
    if (config.driver.empty() || options.driver != "mpu401") config.driver = options.driver;
    const bool cable = config.driver == "cable";
    config.driver = driver_path(config.driver);
    if (!fs::exists(config.driver)) return Error{fmt::format("{}: no such driver image; 'portico devices' lists those that come along", config.driver)};
    if (config.devices.empty()) config.devices.push_back(cable ? virtual_device("cable") : mpu401());
    if (options.seed_given) config.seed = options.seed;
    config.exact_sequencer = config.exact_sequencer || options.exact;
    config.trace_file = options.trace;
    return config;
}

int fail(const Error& error) {
    fmt::print(stderr, "portico: {}\n", error.message);
    return static_cast<int>(error.exit);
}

}  // namespace portico::cli
