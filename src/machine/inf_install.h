// A device's INF put into effect: what setup does with it when Windows installs a driver.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hardware/device.h"
#include "inf/package.h"
#include "machine/replay.h"
#include "nt/io/pnp.h"
#include "portico/portico.h"

namespace portico::machine {

// The INFs of a machine, each read once.
class Infs {
  public:
    // `recorded` not null: from there, where it is. Errors: a file that cannot be read; everything that is
    // wrong with it, a line each; an INF of another class.
    Result<const inf::Package*> read(const std::string& path, const std::vector<RegistryFile>* recorded);
    // Reads a file that the INF at `path` copies, by the INF's spelling, whatever the disk's case; where it
    // is not, a warning. `recorded` not null: from there. Error: it cannot be read, or is too big.
    Result<void> read_copied(const std::string& path, const inf::CopiedFile& file,
                             const std::vector<RegistryFile>* recorded);
    // Puts what was read onto the simulated computer's volume. Error: there is no room for it.
    Result<void> copy_files() const;
    // As they were read, for replay files: path and content.
    const std::map<std::string, std::string>& files() const { return files_; }
    // "FILE:LINE: what", a line each.
    std::string warnings() const;

  private:
    std::map<std::string, std::unique_ptr<inf::Package>> packages_;
    std::map<std::string, std::string> files_;
    std::map<std::string, std::string> copied_;  // which of these, by destination
    std::string missing_;                        // lines for warnings()
};

// The model that is installed for a device; the first for one that says nothing about its hardware ID. Error:
// the INF has none for it.
Result<const inf::Model*> model_for(const inf::Package& package, const std::string& path,
                                    const DeviceConfig& device);

// Nothing that is wanted is taken: the same port, address, DMA channel, or an interrupt that one of both does
// not share. `share_lines`: any two can.
bool is_free(std::span<const Resource> wanted, std::span<const Resource> taken, bool share_lines);

enum class Placed : std::uint8_t {
    placed,
    unsuited,  // no LogConfig is one that the model can have
    taken,     // those that it can have are other devices'
};
// Which of an INF's LogConfigs a device may get: all when the computer starts, those that software can set
// while it runs, or one of them, counted from 1 in the order of their priority.
struct OfLogConfigs {
    bool soft_only = false;
    std::size_t number = 0;  // 0: any
};
// Moves a device model to the first place of the LogConfigs that it can have and that does not conflict with
// `taken`, rather sharing an interrupt than none; else it stays where it was.
Placed place(hardware::Device& model, const inf::Model& installed, std::span<const Resource> taken,
             OfLogConfigs which = {});
// The configuration says where the device is: its INF does not.
bool says_place(const DeviceConfig& device);
// The same for a device without hardware. Null: all are taken, or the INF has none.
std::optional<std::vector<Resource>> resources_of(const inf::Model& installed,
                                                  std::span<const Resource> taken, OfLogConfigs which = {});

// The registry and the interfaces, before the device is added. Error: a name that the registry does not hold,
// or too many interfaces.
Result<void> install(const inf::Model& model, nt::io::DeviceNode& node);

}  // namespace portico::machine
