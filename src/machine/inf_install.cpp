#include "machine/inf_install.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>

#include "hardware/models.h"
#include "machine/device_resources.h"
#include "machine/input_file.h"
#include "machine/state.h"
#include "nt/cm/cm.h"
#include "nt/cm/text.h"
#include "nt/io/interfaces.h"
#include "nt/io/pnp_registry.h"
#include "nt/io/volume.h"
#include "nt/rtl/rtl.h"

namespace portico::machine {
namespace {

namespace fs = std::filesystem;
using Kind = inf::ResourceChoice::Kind;

// What DeviceConfig says of a device when nobody said anything.
bool says_nothing(const DeviceConfig& device) {
    return device.hardware_id == DeviceConfig().hardware_id ||
           device.hardware_id == virtual_device().hardware_id;
}

// ---- resources ----

const char* parameter_of(Kind kind) {
    switch (kind) {
        case Kind::port:
            return "port";
        case Kind::interrupt:
            return "irq";
        case Kind::dma:
            return "dma";
        default:
            return "memory";
    }
}

bool has_parameter(const hardware::Device& model, std::string_view key) {
    const auto& parameters = model.model().parameters;
    return std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) { return p.key == key; });
}

bool conflict(const Resource& a, const Resource& b) {
    if (a.kind != b.kind || (a.shared && b.shared)) return false;
    return a.base < b.base + b.length && b.base < a.base + a.length;
}

// `fits` is asked for each place of the range until one does.
template <class Fits>
bool any_place(const inf::Range& range, Fits&& fits) {
    constexpr unsigned tries = 4096;
    std::uint64_t at = range.first;
    for (unsigned i = 0; i < tries && at <= range.last_first; ++i, at += range.step) {
        if (fits(at)) return true;
    }
    return false;
}

// A device model looks for its place.
class Placing {
  public:
    Placing(hardware::Device& model, std::span<const Resource> taken, bool share_lines)
        : model_(model), taken_(taken), share_lines_(share_lines) {
        for (const hardware::Parameter& parameter : model.model().parameters)
            before_[parameter.key] = model.text(parameter.key);
    }

    Placed by(const inf::LogConfig& config) {
        bool taken = false;
        std::vector<Kind> done;
        for (const inf::ResourceChoice& choice : config.choices) {
            // One resource of each kind is the model's; the further ones are of parts that it does not have.
            const bool known = std::find(done.begin(), done.end(), choice.kind) != done.end();
            if (known || !has_parameter(model_, parameter_of(choice.kind))) continue;
            done.push_back(choice.kind);
            const auto fits = [&](const inf::Range& range) { return place_in(choice, range, taken); };
            if (std::any_of(choice.ranges.begin(), choice.ranges.end(), fits)) continue;
            for (const auto& [key, value] : before_) {
                const auto back = model_.set(key, value);
                (void)back;  // it was there before
            }
            return taken ? Placed::taken : Placed::unsuited;
        }
        return Placed::placed;
    }

  private:
    bool place_in(const inf::ResourceChoice& choice, const inf::Range& range, bool& taken) {
        return any_place(range, [&](std::uint64_t at) {
            if (!model_.set(parameter_of(choice.kind), fmt::format("{:#x}", at)).ok()) return false;
            const bool free = is_free(wanted(choice), taken_, share_lines_);
            taken |= !free;
            return free;
        });
    }

    // What the model has of that kind now.
    std::vector<Resource> wanted(const inf::ResourceChoice& choice) {
        std::vector<Resource> all = resources_of(model_);
        std::erase_if(all, [&](const Resource& resource) {
            return resource.kind != static_cast<Resource::Kind>(choice.kind);
        });
        for (Resource& resource : all) resource.shared |= choice.shared;
        return all;
    }

    hardware::Device& model_;
    std::span<const Resource> taken_;
    bool share_lines_;
    std::map<std::string, std::string> before_;
};

std::vector<const inf::LogConfig*> chosen(const inf::Model& installed, OfLogConfigs which) {
    std::vector<const inf::LogConfig*> configs;
    for (std::size_t i = 0; i < installed.log_configs.size(); ++i) {
        const inf::LogConfig& config = installed.log_configs[i];
        if ((which.number == 0 || which.number == i + 1) && (config.soft() || !which.soft_only))
            configs.push_back(&config);
    }
    return configs;
}

// Null: a choice has nothing that is free.
std::optional<std::vector<Resource>> free_of(const inf::LogConfig& config, std::span<const Resource> taken,
                                             bool share_lines) {
    std::vector<Resource> resources;
    for (const inf::ResourceChoice& choice : config.choices) {
        Resource resource;
        resource.kind = static_cast<Resource::Kind>(choice.kind);
        resource.latched = choice.kind == Kind::interrupt && !choice.level;
        resource.shared = choice.shared;
        const auto fits = [&](const inf::Range& range) {
            resource.length = range.length;
            return any_place(range, [&](std::uint64_t at) {
                resource.base = at;
                return is_free({&resource, 1}, taken, share_lines);
            });
        };
        if (std::none_of(choice.ranges.begin(), choice.ranges.end(), fits)) return std::nullopt;
        resources.push_back(resource);
    }
    return resources;
}

// ---- registry ----

std::u16string wide(std::string_view text) {
    return nt::cm::to_utf16(std::string(text));
}

void append(std::vector<std::uint8_t>& bytes, const std::u16string& text) {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.c_str());
    bytes.insert(bytes.end(), begin, begin + (text.size() + 1) * sizeof(char16_t));
}

class Writer {
  public:
    // Keys below `base`; `entries` of another root are where that says.
    Writer(std::u16string base, const inf::Model& model) : base_(std::move(base)), model_(model) {}

    Result<void> write(const std::vector<inf::RegistryEntry>& entries) {
        for (const inf::RegistryEntry& entry : entries) {
            const NTSTATUS status = write(entry);
            if (NT_SUCCESS(status)) continue;
            return Error{fmt::format("{}: registry value \"{}\" of the INF: cannot be set: {}",
                                     model_.description, entry.key + "\\" + entry.name, status_name(status))};
        }
        return {};
    }

  private:
    std::u16string path_of(const inf::RegistryEntry& entry) const {
        using Root = inf::RegistryEntry::Root;
        std::u16string path = entry.root == Root::relative  ? base_
                              : entry.root == Root::machine ? u"\\Registry\\Machine"
                                                            : u"\\Registry\\Machine\\Software\\Classes";
        if (!entry.key.empty()) path += u"\\" + wide(entry.key);
        return path;
    }

    NTSTATUS write(const inf::RegistryEntry& entry) {
        using What = inf::RegistryEntry::What;
        if (entry.root == inf::RegistryEntry::Root::other) return STATUS_SUCCESS;
        const std::u16string path = path_of(entry);
        const std::u16string name = wide(entry.name);
        if (path.size() > UNICODE_STRING_MAX_CHARS || name.size() > UNICODE_STRING_MAX_CHARS)
            return STATUS_OBJECT_NAME_INVALID;
        const UNICODE_STRING key = nt::cm::as_unicode(path);
        const UNICODE_STRING value = nt::cm::as_unicode(name);
        if (entry.what == What::key_only) return nt::cm::create_path(key);
        ULONG type = 0;
        ULONG size = 0;
        const bool there =
            nt::cm::query_value(key, value, &type, nullptr, 0, &size) != STATUS_OBJECT_NAME_NOT_FOUND;
        if (entry.what == What::remove) return there ? nt::cm::delete_value(key, value) : STATUS_SUCCESS;
        if ((entry.only_new && there) || (entry.only_existing && !there)) return STATUS_SUCCESS;
        std::vector<std::uint8_t> data = data_of(entry);
        if (entry.what == What::append && there) data = appended(key, value, size, entry);
        return nt::cm::set_value(key, value, entry.type, data.data(), static_cast<ULONG>(data.size()));
    }

    static std::vector<std::uint8_t> data_of(const inf::RegistryEntry& entry) {
        std::vector<std::uint8_t> data = entry.bytes;
        if (entry.type == REG_SZ || entry.type == REG_EXPAND_SZ) append(data, wide(entry.text));
        if (entry.type == REG_MULTI_SZ) {
            for (const std::string& text : entry.texts) append(data, wide(text));
            append(data, {});
        }
        return data;
    }

    // What the list has already is not there twice.
    static std::vector<std::uint8_t> appended(const UNICODE_STRING& key, const UNICODE_STRING& value,
                                              ULONG size, const inf::RegistryEntry& entry) {
        std::vector<std::uint8_t> data(size);
        ULONG type = 0;
        nt::cm::query_value(key, value, &type, data.data(), size, &size);
        std::u16string list(data.size() / sizeof(char16_t), u'\0');
        std::memcpy(list.data(), data.data(), list.size() * sizeof(char16_t));
        while (!list.empty() && list.back() == u'\0') list.pop_back();
        if (!list.empty()) list += u'\0';
        for (const std::string& text : entry.texts) {
            const std::u16string one = wide(text) + u'\0';
            if ((u'\0' + list).find(u'\0' + one) == std::u16string::npos) list += one;
        }
        data.clear();
        append(data, list);
        return data;
    }

    std::u16string base_;
    const inf::Model& model_;
};

constexpr const char16_t* services = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";

void set_text(const std::u16string& key, const char16_t* name, const std::string& text) {
    if (text.empty()) return;
    const std::u16string value = wide(text);
    nt::cm::set_value(nt::cm::as_unicode(key), nt::ob::string(name), REG_SZ, value.c_str(),
                      static_cast<ULONG>((value.size() + 1) * sizeof(char16_t)));
}

void set_number(const std::u16string& key, const char16_t* name, std::uint32_t value) {
    nt::cm::set_value(nt::cm::as_unicode(key), nt::ob::string(name), REG_DWORD, &value, sizeof value);
}

Result<void> install_service(const inf::Model& model) {
    const inf::Service& service = model.service;
    if (service.name.empty()) return {};
    const std::u16string key = services + wide(service.name);
    set_number(key, u"Type", service.type);
    set_number(key, u"Start", service.start);
    set_number(key, u"ErrorControl", service.error_control);
    set_text(key, u"ImagePath", service.binary);
    set_text(key, u"DisplayName", service.display_name);
    return Writer(key, model).write(service.registry);
}

Result<void> install_interface(const inf::Model& model, const inf::DeviceInterface& added,
                               nt::io::DeviceNode& node) {
    GUID class_guid;
    const std::u16string guid = wide(added.class_guid);
    const std::u16string reference = wide(added.reference);
    const UNICODE_STRING name = nt::cm::as_unicode(reference);
    nt::io::DeviceInterface* entry = nullptr;
    const NTSTATUS status = nt::rtl::read_guid(guid.c_str(), class_guid)
                                ? nt::io::install_interface(node, class_guid, &name, &entry)
                                : STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(status)) {
        return Error{fmt::format("{}: interface {} {} of the INF: {}", model.description, added.class_guid,
                                 added.reference, status_name(status))};
    }
    return Writer(nt::io::interface_key_path(*entry), model).write(added.registry);
}

}  // namespace

namespace {

// Null: it was not recorded.
const std::string* recorded_file(const std::vector<RegistryFile>* recorded, const std::string& path) {
    if (recorded == nullptr) return nullptr;
    const auto found = std::find_if(recorded->begin(), recorded->end(),
                                    [&](const RegistryFile& file) { return file.path == path; });
    return found == recorded->end() ? nullptr : &found->bytes;
}

// The file by that name in any case; empty: there is none.
fs::path on_disk(const fs::path& wanted) {
    std::error_code error;
    if (fs::is_regular_file(wanted, error)) return wanted;
    for (const fs::directory_entry& entry : fs::directory_iterator(wanted.parent_path(), error)) {
        if (inf::equal(entry.path().filename().string(), wanted.filename().string())) return entry.path();
    }
    return {};
}

}  // namespace

Result<const inf::Package*> Infs::read(const std::string& path, const std::vector<RegistryFile>* recorded) {
    const auto known = packages_.find(path);
    if (known != packages_.end()) return known->second.get();
    const std::string* const bytes = recorded_file(recorded, path);
    std::string content = bytes != nullptr ? *bytes : PORTICO_TRY(read_input(path, inf::File::bytes_max));
    auto package = std::make_unique<inf::Package>(inf::read_package(content));
    if (!package->errors.empty()) return Error{package->errors.text(path)};
    files_[path] = std::move(content);
    return (packages_[path] = std::move(package)).get();
}

Result<void> Infs::read_copied(const std::string& path, const inf::CopiedFile& file,
                               const std::vector<RegistryFile>* recorded) {
    std::string source = file.source;
    std::replace(source.begin(), source.end(), '\\', '/');
    const fs::path wanted = (fs::absolute(path).parent_path() / source).lexically_normal();
    std::optional<std::string> content;
    if (recorded != nullptr) {
        if (const std::string* const bytes = recorded_file(recorded, wanted.string())) content = *bytes;
    } else if (const fs::path found = on_disk(wanted); !found.empty()) {
        content = PORTICO_TRY(read_input(found.string(), nt::io::volume_file_size_limit));
        if (content->size() > nt::io::volume_file_size_limit)
            return Error{fmt::format("{}: a file that an INF copies has at most 4 MiB", found.string())};
    }
    if (!content) {
        missing_ += fmt::format("{}: {} is not beside it: the driver will not find {}\n", path, file.source,
                                file.destination);
        return {};
    }
    files_[wanted.string()] = *std::move(content);
    copied_[file.destination] = wanted.string();
    return {};
}

Result<void> Infs::copy_files() const {
    constexpr std::string_view root = "\\SystemRoot";
    for (const auto& [destination, path] : copied_) {
        if (!destination.starts_with(root)) continue;
        const std::string& bytes = files_.at(path);
        const std::u16string name = u"\\Windows" + wide(destination.substr(root.size()));
        const NTSTATUS status = nt::io::add_volume_file(name.c_str(), bytes.data(), bytes.size());
        if (!NT_SUCCESS(status))
            return Error{
                fmt::format("{}: cannot be copied to {}: {}", path, destination, status_name(status))};
    }
    return {};
}

std::string Infs::warnings() const {
    std::string text = missing_;
    for (const auto& [path, package] : packages_) {
        const std::string lines = package->warnings.text(path);
        if (!lines.empty()) text += lines + "\n";
    }
    return text;
}

Result<const inf::Model*> model_for(const inf::Package& package, const std::string& path,
                                    const DeviceConfig& device) {
    const inf::Model* const model = inf::find_model(package, device.hardware_id);
    if (model != nullptr) return model;
    if (says_nothing(device)) return &package.models.front();
    std::string ids;
    for (std::size_t i = 0; i < package.models.size() && i < 8; ++i)
        ids += (ids.empty() ? "" : ", ") + package.models[i].hardware_id;
    return Error{
        fmt::format("{}: no model for the hardware ID {}; there are {}", path, device.hardware_id, ids)};
}

bool is_free(std::span<const Resource> wanted, std::span<const Resource> taken, bool share_lines) {
    return std::none_of(wanted.begin(), wanted.end(), [&](const Resource& one) {
        return std::any_of(taken.begin(), taken.end(), [&](const Resource& other) {
            return !(share_lines && one.kind == Resource::Kind::interrupt) && conflict(one, other);
        });
    });
}

bool says_place(const DeviceConfig& device) {
    const auto has = [&](const char* key) { return device.parameters.contains(key); };
    return has("port") || has("irq") || has("dma") || has("memory");
}

Placed place(hardware::Device& model, const inf::Model& installed, std::span<const Resource> taken,
             OfLogConfigs which) {
    Placed result = Placed::unsuited;
    for (const bool share_lines : {false, true}) {
        for (const inf::LogConfig* const config : chosen(installed, which)) {
            const Placed placed = Placing(model, taken, share_lines).by(*config);
            if (placed == Placed::placed) return placed;
            if (placed == Placed::taken) result = placed;
        }
    }
    return result;
}

std::optional<std::vector<Resource>> resources_of(const inf::Model& installed,
                                                  std::span<const Resource> taken, OfLogConfigs which) {
    for (const bool share_lines : {false, true}) {
        for (const inf::LogConfig* const config : chosen(installed, which)) {
            if (auto resources = free_of(*config, taken, share_lines)) return resources;
        }
    }
    return std::nullopt;
}

Result<void> install(const inf::Model& model, nt::io::DeviceNode& node) {
    const std::u16string software = nt::io::software_key_path(node);
    set_text(software, u"MatchingDeviceId", model.hardware_id);
    set_text(software, u"DriverVersion", model.driver_version);
    PORTICO_TRY_VOID(Writer(software, model).write(model.software));
    PORTICO_TRY_VOID(Writer(nt::io::hardware_key_path(node), model).write(model.hardware));
    PORTICO_TRY_VOID(install_service(model));
    for (const inf::DeviceInterface& added : model.interfaces)
        PORTICO_TRY_VOID(install_interface(model, added, node));
    return {};
}

}  // namespace portico::machine
