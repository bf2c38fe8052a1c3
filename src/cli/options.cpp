#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/print.h"
#include "cli/verbs.h"
#include "machine/schedule.h"

namespace portico::cli {
namespace {

namespace fs = std::filesystem;

fs::path program_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

// The image of that name beside this program; empty: there is none.
std::string bundled_path(const std::string& name) {
    for (const fs::path& folder :
         {program_folder() / "../drivers", program_folder() / "../lib/portico/drivers",
          fs::path(PORTICO_DRIVER_FOLDER)}) {
        const fs::path candidate = folder / (name + ".so");
        std::error_code error;
        if (fs::exists(candidate, error)) return candidate.lexically_normal().string();
    }
    return {};
}

// "mpu401" is a driver that comes along; anything with a slash or an extension is a path.
std::string driver_path(const std::string& name) {
    if (name.find('/') != std::string::npos || fs::path(name).has_extension()) return name;
    const std::string path = bundled_path(name);
    return path.empty() ? name : path;
}

// A file's content, unread until it is looked at; empty when there is none.
class MappedFile {
  public:
    explicit MappedFile(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return;
        struct stat status {};
        if (::fstat(file, &status) == 0 && status.st_size > 0) {
            size_ = static_cast<std::size_t>(status.st_size);
            memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
        }
        ::close(file);
    }
    ~MappedFile() {
        if (memory_ != MAP_FAILED) ::munmap(memory_, size_);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::string_view content() const {
        return memory_ == MAP_FAILED ? std::string_view{}
                                     : std::string_view(static_cast<const char*>(memory_), size_);
    }

  private:
    void* memory_ = MAP_FAILED;
    std::size_t size_ = 0;
};

// Whether a driver's image imports what only a driver of hardware calls. Without a machine file this decides
// between an MPU-401 and a device without hardware.
bool drives_hardware(const std::string& path) {
    const MappedFile file(path);
    const std::string_view bytes = file.content();
    // A .sys imports by the plain names; its port accesses are instructions, or functions of its own so
    // named.
    const std::string prefix = bytes.starts_with("MZ") ? "" : "nt_";
    for (const char* const name :
         {"PcNewMiniport", "PcNewInterruptSync", "READ_PORT_UCHAR", "WRITE_PORT_UCHAR"}) {
        if (bytes.find(prefix + name + '\0') != std::string::npos) return true;
    }
    return false;
}

Result<void> find_driver(std::string& driver) {
    driver = driver_path(driver);
    std::error_code error;
    const auto kind = fs::status(driver, error).type();
    if (kind == fs::file_type::not_found || kind == fs::file_type::none) {
        return Error{
            fmt::format("{}: no such driver image; 'portico devices' lists those that come along", driver)};
    }
    if (kind != fs::file_type::regular)
        return Error{fmt::format("{}: not a driver image: not a file", driver)};
    return {};
}

Result<void> choose_drivers(const std::string& wanted, MachineConfig& config) {
    constexpr std::string_view usual = "mpu401";
    if (!wanted.empty()) config.driver = wanted;
    if (config.driver.empty()) config.driver = usual;
    PORTICO_TRY_VOID(find_driver(config.driver));
    for (DeviceConfig& device : config.devices) {
        if (!device.driver.empty()) PORTICO_TRY_VOID(find_driver(device.driver));
    }
    return {};
}

// The same file whatever its name; a device or a pipe may be named as often as one likes.
std::string identity(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) return {};
    const auto real = fs::weakly_canonical(fs::absolute(path, error), error);
    return error ? path : real.string();
}

void add(std::vector<Named>& list, const std::string& path, const char* what) {
    if (!path.empty()) list.push_back({path, what});
}

}  // namespace

std::vector<BundledDriver> bundled_drivers() {
    return {
        {"mpu401", "an MPU-401 with the system's UART miniport", bundled_path("mpu401")},
        {"cable", "a virtual cable: what is rendered can be captured", bundled_path("cable")},
        {"soundcard", "an MPU-401 and a mixer, two filters connected", bundled_path("soundcard")},
        {"fmcard", "an FM synthesizer with its own volume", bundled_path("fmcard")},
        {"sb16", "a Sound Blaster 16: wave, MPU-401, FM synthesizer and mixer", bundled_path("sb16")},
        {"pcimidi", "a PCI card with four MIDI ports", bundled_path("pcimidi")},
        {"portcable", "virtual ports that programs make (portico ioctl PortCable)",
         bundled_path("portcable")},
        {"wavetable", "a wavetable synthesizer whose stream runs on a thread", bundled_path("wavetable")},
        {"dmus_cable", "a virtual cable on DirectMusic's miniport interface", bundled_path("dmus_cable")}};
}

namespace {

// Without a machine file: the one beside the driver's image, else an MPU-401 for a driver of hardware.
Result<void> take_usual_devices(MachineConfig& config, machine::Ends& ends) {
    const fs::path beside = fs::path(config.driver).replace_extension(".toml");
    std::error_code error;
    if (fs::is_regular_file(beside, error)) {
        const std::string driver = config.driver;
        PORTICO_TRY_VOID(machine::read_machine_file(beside.string(), config, ends));
        config.driver = driver;
    }
    if (!config.devices.empty()) return {};
    config.devices.push_back(drives_hardware(config.driver) ? mpu401() : virtual_device());
    if (!config.inf.empty()) config.devices[0].parameters.clear();  // where it is, its INF says
    return {};
}

}  // namespace

Result<Setup> setup_of(const RunOptions& options) {
    Setup setup;
    MachineConfig& config = setup.machine;
    if (!options.machine_file.empty()) {
        PORTICO_TRY_VOID(machine::read_machine_file(options.machine_file, config, setup.ends));
    }
    PORTICO_TRY_VOID(choose_drivers(options.driver, config));
    if (!options.inf.empty()) config.inf = options.inf;
    if (config.devices.empty()) PORTICO_TRY_VOID(take_usual_devices(config, setup.ends));
    if (options.seed) config.seed = *options.seed;
    if (!options.schedule.empty()) PORTICO_TRY_VOID(machine::parse_schedule(options.schedule, config));
    config.exact_sequencer = config.exact_sequencer || options.exact;
    config.trace_file = options.trace;
    if (!options.outputs.empty()) setup.ends.outputs = options.outputs;
    if (!options.synth.empty()) setup.ends.synth = options.synth;
    return setup;
}

Result<void> check_files(const RunOptions& options, const Setup& setup, std::vector<Named> taken,
                         const std::vector<Named>& outputs) {
    add(taken, options.machine_file, "the machine file");
    add(taken, setup.machine.driver, "the driver's image");
    for (const DeviceConfig& device : setup.machine.devices) {
        add(taken, device.driver, "a device's driver");
        add(taken, device.inf, "a device's INF");
    }
    add(taken, setup.ends.synth, "the SoundFont");
    add(taken, options.scenario, "the scenario");
    add(taken, setup.machine.inf, "the driver's INF");
    for (const std::string& path : setup.machine.registry_files)
        add(taken, path, "a registration file that is read");
    std::vector<Named> written = outputs;
    for (const std::string& path : setup.ends.outputs) add(written, path, "an output already");
    add(written, options.trace, "the trace");
    add(written, options.timeline, "the timeline");
    add(written, options.report, "the report's page");
    for (const Named& output : written) {
        const std::string file = identity(output.path);
        const auto same = [&](const Named& other) { return !file.empty() && identity(other.path) == file; };
        const auto other = std::find_if(taken.begin(), taken.end(), same);
        if (other != taken.end()) {
            return Error{fmt::format("{}: cannot be written: it is {}; choose another name", output.path,
                                     other->what)};
        }
        taken.push_back(output);
    }
    return {};
}

int print_out(std::string_view text, int code) {
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (written || errno == EPIPE) return code;
    return fail(Error{fmt::format("standard output: cannot write: {}", std::strerror(errno))});
}

int fail(const Error& error) {
    print(stderr, fmt::format("portico: {}\n", error.message));
    return static_cast<int>(error.exit);
}

}  // namespace portico::cli
