#include "inf/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "inf/platform.h"
#include "inf/text.h"

namespace portico::inf {
namespace {

constexpr std::string_view media_guid = "{4d36e96c-e325-11ce-bfc1-08002be10318}";
constexpr std::size_t models_max = 256;
constexpr std::size_t needed_max = 64;  // sections that one model's installs, by Needs
// A section may be named by many lines and models, and is read for each.
constexpr std::size_t read_lines_max = 1 << 18;

std::string shown(std::string_view text) {
    return std::string(text.substr(0, 64));
}

bool is_guid(std::string_view text) {
    constexpr std::string_view form = "{00000000-0000-0000-0000-000000000000}";
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
                           (text[i] >= 'A' && text[i] <= 'F');
        if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
    }
    return true;
}

// What install sections hold beside what is read here: what setup programs do.
constexpr std::string_view ignored[] = {
    "DelFiles",      "RenFiles",        "CopyINF",        "DelReg",       "BitReg",       "AddProperty",
    "DelProperty",   "DriverVer",       "Reboot",         "ProfileItems", "RegisterDlls", "UnregisterDlls",
    "UpdateInis",    "UpdateIniFields", "Ini2Reg",        "Include",      "Needs",        "ExcludeID",
    "FeatureScore",  "Reg2Ini",         "OptionDesc",     "Security",     "AddSoftware",  "AddComponent",
    "DelService",    "KnownService",    "AddFilter",      "AddAutoPlay",  "LayoutFile",   "DeviceUpgrade",
    "UpdateAutoBat", "UpdateCfgSys",    "UpdateInifields"};

class Reader {
  public:
    Reader(std::string_view bytes, Package& package)
        : package_(package), errors_(package.errors), file_(bytes, package.errors) {}

    void read() {
        if (!version()) return;
        const Section* const manufacturers = file_.section("Manufacturer");
        if (manufacturers == nullptr)
            return errors_.add(0, "no [Manufacturer] section, which every INF of a device has");
        for (const Line& line : manufacturers->lines) manufacturer(line);
        if (package_.models.empty() && errors_.empty())
            errors_.add(manufacturers->number, "no model of a device in any section that is named here");
    }

  private:
    // False: there is no reading on.
    bool version() {
        const Section* const version = file_.section("Version");
        if (version == nullptr) {
            if (errors_.empty()) errors_.add(0, "no [Version] section: this is no INF");
            return false;
        }
        const Line* const signature = version->find("Signature");
        if (signature == nullptr ||
            (!equal(signature->at(0), "$Windows NT$") && !equal(signature->at(0), "$CHICAGO$") &&
             !equal(signature->at(0), "$Windows 95$"))) {
            errors_.add(signature == nullptr ? version->number : signature->number,
                        "Signature is to be \"$Windows NT$\"");
        }
        if (const Line* const provider = version->find("Provider")) provider_ = provider->at(0);
        if (const Line* const driver = version->find("DriverVer")) driver_version_ = driver->at(1);
        return is_media(*version);
    }

    bool is_media(const Section& version) {
        const Line* const name = version.find("Class");
        const Line* const guid = version.find("ClassGuid");
        if (name == nullptr && guid == nullptr) {
            errors_.add(version.number, "[Version] names no class of devices: Class=MEDIA and its ClassGuid");
            return true;
        }
        const bool other = guid != nullptr && guid->has(0)
                               ? !equal(guid->at(0), media_guid)
                               : !equal(name == nullptr ? "" : name->at(0), "MEDIA");
        if (!other) return true;
        const unsigned line = guid != nullptr ? guid->number : name->number;
        const std::string what = name != nullptr ? name->at(0) : guid->at(0);
        package_.other_class = true;
        errors_ = Problems();
        errors_.add(line,
                    fmt::format("an INF of class {}; Portico runs drivers of class MEDIA", shown(what)));
        return false;
    }

    // "%Name%=Models,NTamd64".
    void manufacturer(const Line& line) {
        if (line.key.empty() && line.values.size() == 1 && line.has(0)) {
            // "%Name%" alone is its models section, too.
            Line same = line;
            same.key = line.at(0);
            return manufacturer(same);
        }
        if (!line.has(0))
            return errors_.add(line.number, "a manufacturer is written as: %Name%=Models,NTamd64");
        const Chosen models = models_section(file_, line);
        if (models.section == nullptr) {
            return errors_.add(line.number, fmt::format("no section [{}.NTamd64] nor [{}]: no models for x64",
                                                        shown(line.at(0)), shown(line.at(0))));
        }
        if (models.foreign) {
            package_.warnings.add(models.section->number,
                                  fmt::format("[{}]: Windows for x64 takes models with NTamd64 alone",
                                              shown(models.section->name)));
        }
        if (!spend(line, *models.section)) return;
        for (const Line& model : models.section->lines) take_model(line.key, model);
    }

    // "%Description%=Install,HardwareID,CompatibleID...".
    void take_model(const std::string& manufacturer, const Line& line) {
        if (line.key.empty() || !line.has(0))
            return errors_.add(line.number, "a model is written as: %Description%=Install,HardwareID");
        if (package_.models.size() == models_max)
            return errors_.add(line.number, fmt::format("more than {} models", models_max));
        Model model;
        model.manufacturer = manufacturer;
        model.description = line.key;
        model.provider = provider_;
        model.driver_version = driver_version_;
        model.hardware_id = line.at(1);
        if (model.hardware_id.empty()) package_.warnings.add(line.number, "a model without a hardware ID");
        for (std::size_t i = 2; i < line.values.size(); ++i) {
            if (line.has(i)) model.compatible_ids.push_back(line.at(i));
        }
        install(line, model);
        package_.models.push_back(std::move(model));
    }

    void install(const Line& line, Model& model) {
        const std::string& name = line.at(0);
        const Chosen main = install_section(file_, name);
        if (main.section == nullptr) {
            return errors_.add(line.number,
                               fmt::format("no section [{}.NT] nor [{}], which installs this model",
                                           shown(name), shown(name)));
        }
        if (main.foreign) {
            package_.warnings.add(main.section->number,
                                  fmt::format("[{}] is for 32-bit Windows", shown(main.section->name)));
        }
        std::set<const Section*> done;
        install_section_and_needed(line, *main.section, model, done);
        if (const Section* const hardware = install_section(file_, name, ".HW").section)
            add_reg(*hardware, model.hardware);
        if (const Section* const override = install_section(file_, name, ".LogConfigOverride").section)
            log_config(*override, model);
        if (const Section* const fact = install_section(file_, name, ".FactDef").section) {
            const LogConfig config = read_log_config(*fact, errors_);
            if (!config.choices.empty()) model.log_configs.push_back(config);
        }
        order(model.log_configs);
        if (const Section* const interfaces = install_section(file_, name, ".Interfaces").section)
            take_interfaces(*interfaces, model);
        services(name, line, model);
    }

    // Sections of this file that it needs come along, each once.
    void install_section_and_needed(const Line& line, const Section& section, Model& model,
                                    std::set<const Section*>& done) {
        if (done.size() == needed_max || !done.insert(&section).second || !spend(line, section)) return;
        add_reg(section, model.software);
        log_config(section, model);
        for (const Line& directive : section.lines) {
            if (equal(directive.key, "CopyFiles") && spend_copied(directive))
                read_copy_files(file_, directive, model.files, errors_, package_.warnings);
        }
        check_directives(section, {"AddReg", "LogConfig", "CopyFiles"});
        needs(section);
        for (const Line& directive : section.lines) {
            if (!equal(directive.key, "Needs")) continue;
            for (const std::string& name : directive.values) {
                const Section* const needed = file_.section(name);
                if (needed != nullptr) install_section_and_needed(directive, *needed, model, done);
            }
        }
    }

    // Directives of a section that are none are told: a typo otherwise goes unnoticed for ever.
    void check_directives(const Section& section, std::initializer_list<std::string_view> known) {
        for (const Line& line : section.lines) {
            const auto is = [&](std::string_view name) { return equal(line.key, name); };
            if (std::any_of(known.begin(), known.end(), is) ||
                std::any_of(std::begin(ignored), std::end(ignored), is))
                continue;
            package_.warnings.add(line.number, fmt::format("'{}' is no directive of [{}]",
                                                           shown(line.key.empty() ? line.at(0) : line.key),
                                                           shown(section.name)));
        }
    }

    // ks.inf and wdmaudio.inf register system components, which are there anyway, and put nothing into a
    // device's keys. Another INF's sections may: they cannot be read.
    void needs(const Section& section) {
        const Line* const include = section.find("Include");
        if (include == nullptr) return;
        for (const std::string& file : include->values) {
            if (equal(file, "ks.inf") || equal(file, "wdmaudio.inf") || equal(file, "kscaptur.inf") ||
                equal(file, "machine.inf"))
                continue;
            package_.warnings.add(
                include->number,
                fmt::format("{} is not read: what its sections add is missing", shown(file)));
        }
    }

    // Calls take(section) for every section that a directive names.
    template <class Take>
    void each_named(const Section& section, std::string_view directive, Take&& take) {
        for (const Line& line : section.lines) {
            if (!equal(line.key, directive)) continue;
            for (const std::string& name : line.values) {
                if (name.empty()) continue;
                if (const Section* const named = file_.section(name)) {
                    if (!spend(line, *named)) return;
                    take(*named);
                } else {
                    errors_.add(line.number,
                                fmt::format("{}: there is no section [{}]", directive, shown(name)));
                }
            }
        }
    }

    // False: enough was read, which is told.
    bool spend(const Line& line, const Section& section) {
        read_lines_ += section.lines.size() + 1;
        if (read_lines_ <= read_lines_max) return true;
        errors_.add(line.number, fmt::format("the sections that are named here have more than {} lines, each "
                                             "counted as often as it is named",
                                             read_lines_max));
        return false;
    }
    bool spend_copied(const Line& directive) {
        for (const std::string& name : directive.values) {
            const Section* const named = file_.section(name);
            if (named != nullptr && !spend(directive, *named)) return false;
        }
        return true;
    }

    void add_reg(const Section& section, std::vector<RegistryEntry>& to) {
        each_named(section, "AddReg", [&](const Section& named) {
            const auto entries = read_add_reg(named, errors_);
            to.insert(to.end(), entries.begin(), entries.end());
        });
    }

    void log_config(const Section& section, Model& model) {
        each_named(section, "LogConfig", [&](const Section& named) {
            model.log_configs.push_back(read_log_config(named, errors_));
        });
    }

    // Of one priority the first stays first.
    static void order(std::vector<LogConfig>& configs) {
        std::erase_if(configs, [](const LogConfig& c) { return c.priority == ConfigPriority::disabled; });
        std::stable_sort(configs.begin(), configs.end(),
                         [](const LogConfig& a, const LogConfig& b) { return a.priority < b.priority; });
    }

    // "AddInterface={class GUID},reference string,section,flags".
    void take_interfaces(const Section& section, Model& model) {
        for (const Line& line : section.lines) {
            if (!equal(line.key, "AddInterface")) continue;
            if (!spend(line, section)) return;
            if (!is_guid(line.at(0))) {
                errors_.add(line.number, fmt::format("AddInterface: '{}' is no GUID; write it as "
                                                     "{{6994AD04-93EF-11D0-A3CC-00A0C9223196}}",
                                                     shown(line.at(0))));
                continue;
            }
            DeviceInterface added;
            added.class_guid = line.at(0);
            added.reference = line.at(1);
            if (added.reference.find_first_of("\\/") != std::string::npos)
                errors_.add(line.number, "AddInterface: a reference string has no backslash and no slash");
            if (line.has(2)) {
                const Section* const named = install_section(file_, line.at(2)).section;
                if (named != nullptr) {
                    add_reg(*named, added.registry);
                } else {
                    errors_.add(line.number,
                                fmt::format("AddInterface: there is no section [{}]", shown(line.at(2))));
                }
            }
            model.interfaces.push_back(std::move(added));
        }
    }

    // "AddService=name,flags,section,event log section".
    void services(const std::string& name, const Line& line, Model& model) {
        const Section* const section = install_section(file_, name, ".Services").section;
        if (section == nullptr) {
            package_.warnings.add(
                line.number,
                fmt::format("no section [{}.Services]: Windows would load no driver", shown(name)));
            return;
        }
        constexpr std::uint64_t function_driver = 0x2;  // SPSVCINST_ASSOCSERVICE
        for (const Line& added : section->lines) {
            if (!equal(added.key, "AddService")) continue;
            if (!spend(added, *section)) return;
            const std::uint64_t flags = number(added, added.at(1), 0);
            if (!added.has(0)) {
                if ((flags & function_driver) == 0)
                    errors_.add(added.number, "AddService: the service has no name");
                continue;
            }
            if ((flags & function_driver) == 0) continue;
            model.service.name = added.at(0);
            take_service(added, model.service);
        }
    }

    void take_service(const Line& line, Service& service) {
        const Section* const section = file_.section(line.at(2));
        if (section == nullptr)
            return errors_.add(line.number,
                               fmt::format("AddService: there is no section [{}]", shown(line.at(2))));
        if (!spend(line, *section)) return;
        const auto value = [&](std::string_view key, std::uint32_t otherwise) {
            const Line* const found = section->find(key);
            return found == nullptr ? otherwise
                                    : static_cast<std::uint32_t>(number(*found, found->at(0), otherwise));
        };
        service.type = value("ServiceType", service.type);
        service.start = value("StartType", service.start);
        service.error_control = value("ErrorControl", service.error_control);
        if (const Line* const display = section->find("DisplayName")) service.display_name = display->at(0);
        const Line* const binary = section->find("ServiceBinary");
        if (binary == nullptr || !binary->has(0)) {
            errors_.add(section->number, fmt::format("[{}] names no ServiceBinary", shown(section->name)));
        } else {
            service.binary = binary->at(0);
        }
        add_reg(*section, service.registry);
    }

    std::uint64_t number(const Line& line, std::string_view text, std::uint64_t otherwise) {
        if (text.empty()) return otherwise;
        const auto value = number_of(text);
        if (value && *value <= UINT32_MAX) return *value;
        errors_.add(line.number, fmt::format("'{}' is no number", shown(text)));
        return otherwise;
    }

    Package& package_;
    Problems& errors_;
    File file_;
    std::string provider_;
    std::string driver_version_;
    std::size_t read_lines_ = 0;
};

}  // namespace

Package read_package(std::string_view bytes) {
    Package package;
    Reader(bytes, package).read();
    return package;
}

const Model* find_model(const Package& package, std::string_view hardware_id) {
    for (const Model& model : package.models) {
        if (equal(model.hardware_id, hardware_id)) return &model;
    }
    for (const Model& model : package.models) {
        for (const std::string& id : model.compatible_ids) {
            if (equal(id, hardware_id)) return &model;
        }
    }
    return nullptr;
}

}  // namespace portico::inf
