#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/verbs.h"
#include "machine/machine_file.h"
#include "machine/schedule.h"

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
    for (const fs::path& folder :
         {program_folder() / "../drivers", program_folder() / "../lib/portico/drivers",
          fs::path(PORTICO_DRIVER_FOLDER)}) {
        const fs::path candidate = folder / (name + ".so");
        if (fs::exists(candidate)) return candidate.lexically_normal().string();
    }
    return name;
}

// Whether a driver's image imports what only a driver of hardware calls. Without a machine file this decides
// between an MPU-401 and a device without hardware.
bool drives_hardware(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    for (const char* const name :
         {"nt_PcNewMiniport", "nt_PcNewInterruptSync", "nt_READ_PORT_UCHAR", "nt_WRITE_PORT_UCHAR"}) {
        if (bytes.find(name) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

Result<MachineConfig> machine_of(const RunOptions& options) {
    MachineConfig config;
    if (!options.machine_file.empty())
        PORTICO_TRY_VOID(machine::read_machine_file(options.machine_file, config));
    if (config.driver.empty() || options.driver != "mpu401") config.driver = options.driver;
    config.driver = driver_path(config.driver);
    if (!fs::exists(config.driver))
        return Error{fmt::format("{}: no such driver image; 'portico devices' lists those that come along",
                                 config.driver)};
    if (config.devices.empty())
        config.devices.push_back(drives_hardware(config.driver) ? mpu401() : virtual_device());
    if (options.seed_given) config.seed = options.seed;
    if (!options.schedule.empty()) PORTICO_TRY_VOID(machine::parse_schedule(options.schedule, config));
    config.exact_sequencer = config.exact_sequencer || options.exact;
    config.trace_file = options.trace;
    return config;
}

int fail(const Error& error) {
    fmt::print(stderr, "portico: {}\n", error.message);
    return static_cast<int>(error.exit);
}

}  // namespace portico::cli
