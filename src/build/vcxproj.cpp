// A .vcxproj as MSBuild evaluates it: properties and imports in the order of the file, then item definitions,
// then items.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <pugixml.hpp>
#include <set>

#include "build/message_compiler.h"
#include "build/msbuild.h"
#include "build/project.h"

namespace portico::build {
namespace {

using Metadata = std::map<std::string, std::string>;  // names in lower case

constexpr std::size_t imports_max = 64;
constexpr std::size_t items_max = 20000;
constexpr std::size_t folders_max = 5000;  // that one pattern looks into
constexpr std::size_t reference_depth_max = 8;
constexpr std::size_t bytes_max = 256u << 20;  // of all values together

bool matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() &&
                   (pattern[p] == '?' || same_letters(pattern.substr(p, 1), name.substr(n, 1)))) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

class Wildcards {
  public:
    explicit Wildcards(FileFinder& finder) : finder_(finder) {}
    std::vector<std::string> expand(const std::string& path) {
        const std::size_t star = path.find_first_of("*?");
        const std::size_t slash = path.rfind('/', star);
        walk(finder_.find(path.substr(0, std::max<std::size_t>(slash, 1))),
             split(path.substr(slash + 1), "/"), 0, 0);
        return std::move(found_);
    }

  private:
    void walk(const std::string& folder, const std::vector<std::string>& parts, std::size_t part, int depth) {
        if (folder.empty() || part >= parts.size() || depth > 32 || found_.size() >= items_max ||
            ++visited_ > folders_max)
            return;
        const bool any_depth = parts[part] == "**";
        if (any_depth) walk(folder, parts, part + 1, depth + 1);
        for (const std::string& name : finder_.names(folder)) {
            const std::string path = folder + "/" + name;
            if (any_depth) {
                if (is_folder(path) && !is_objects_folder(path)) walk(path, parts, part, depth + 1);
            } else if (matches(parts[part], name)) {
                if (part + 1 == parts.size()) {
                    if (is_file(path)) found_.push_back(path);
                } else if (is_folder(path)) {
                    walk(path, parts, part + 1, depth + 1);
                }
            }
        }
    }
    FileFinder& finder_;
    std::vector<std::string> found_;
    std::size_t visited_ = 0;
};

class VcxprojReader {
  public:
    VcxprojReader(const std::string& path, Config config, FileFinder& finder)
        : path_(path), folder_(folder_of(path)), config_(config), finder_(finder), properties_(finder) {}

    Result<std::vector<Project>> run(std::set<std::string>& seen, std::size_t depth) {
        project_.file = path_;
        seen.insert(lower(path_));
        const pugi::xml_node root = PORTICO_TRY(load(path_));
        choose_configuration(root);
        set_paths();
        PORTICO_TRY_VOID(import_above("Directory.Build.props"));
        PORTICO_TRY_VOID(read_properties(root, path_));
        PORTICO_TRY_VOID(import_above("Directory.Build.targets"));
        PORTICO_TRY_VOID(check_kind());
        for (const auto& [group, file] : item_definitions_) PORTICO_TRY_VOID(read_definitions(group, file));
        for (const auto& [group, file] : item_groups_) PORTICO_TRY_VOID(read_items(group, file));
        finish();
        std::vector<Project> projects{std::move(project_)};
        for (const std::string& reference : references_)
            PORTICO_TRY_VOID(follow(reference, seen, depth, projects));
        return projects;
    }

  private:
    Error wrong(const std::string& what) const { return {path_ + ": " + what}; }

    Result<pugi::xml_node> load(const std::string& path) {
        const std::string text = PORTICO_TRY(read_file(path));
        auto document = std::make_unique<pugi::xml_document>();
        const auto parsed = document->load_buffer(text.data(), text.size());
        if (!parsed)
            return Error{
                fmt::format("{}: not XML: {} at byte {}", path, parsed.description(), parsed.offset)};
        const pugi::xml_node root = document->child("Project");
        if (!root) return Error{path + ": not a project of Visual Studio's: no <Project> in it"};
        documents_.push_back(std::move(document));
        return root;
    }

    // Debug is checked, Release free. WDK 8's projects have a pair for each Windows ("Win8.1 Debug").
    void choose_configuration(const pugi::xml_node& root) {
        const std::string wanted = config_ == Config::checked ? "Debug" : "Release";
        std::string chosen;
        bool x64 = false, any = false;
        for (const pugi::xml_node group : root.children("ItemGroup")) {
            for (const pugi::xml_node item : group.children("ProjectConfiguration")) {
                const std::string_view pair = item.attribute("Include").value();
                const std::string_view name = pair.substr(0, pair.find('|'));
                const bool fits = lower(name).find(lower(wanted)) != std::string::npos;
                any = true;
                if (same_letters(pair.substr(std::min(pair.find('|'), pair.size())), "|x64")) x64 = true;
                if (fits && !same_letters(chosen, wanted)) chosen = name;
            }
        }
        if (any && !x64)
            project_.notes.push_back(path_ + ": has no configuration for x64; read as if it had");
        properties_.set("Configuration", chosen.empty() ? wanted : chosen);
        properties_.set("Platform", "x64");
        properties_.set("PlatformShortName", "x64");
        properties_.set("PlatformTarget", "x64");
        properties_.set("PlatformArchitecture", "64");
    }

    static std::string windows_folder(std::string folder) {
        if (!folder.ends_with('/')) folder += '/';
        std::replace(folder.begin(), folder.end(), '/', '\\');
        return folder;
    }

    // Solutions stand beside their projects or above them.
    std::string solution_folder() {
        std::string folder = folder_;
        for (int i = 0; i < 5 && folder != "/"; ++i, folder = folder_of(folder)) {
            for (const std::string& name : finder_.names(folder)) {
                if (suffix_of(name) == ".sln") return folder;
            }
        }
        return folder_;
    }

    void set_paths() {
        const std::string here = windows_folder(folder_);
        for (const char* name : {"ProjectDir", "MSBuildThisFileDirectory"}) properties_.set(name, here);
        properties_.set("MSBuildProjectDirectory", here.substr(0, here.size() - 1));
        for (const char* name : {"ProjectName", "MSBuildProjectName", "TargetName", "RootNamespace"})
            properties_.set(name, stem_of(path_));
        properties_.set("ProjectFileName", name_of(path_));
        properties_.set("ProjectExt", ".vcxproj");
        properties_.set("SolutionDir", windows_folder(solution_folder()));
        properties_.set("VisualStudioVersion", "17.0");
        properties_.set("OS", "Windows_NT");
    }

    Result<bool> holds(const pugi::xml_node& node, const std::string& file) {
        const auto value = properties_.condition(node.attribute("Condition").value(), folder_of(file));
        if (!value.ok()) return Error{file + ": " + value.error().message};
        return *value;
    }

    Result<void> read_properties(const pugi::xml_node& root, const std::string& file) {
        for (const pugi::xml_node node : root.children()) {
            const std::string_view kind = node.name();
            if (!PORTICO_TRY(holds(node, file))) continue;
            if (kind == "PropertyGroup") {
                PORTICO_TRY_VOID(set_properties(node, file));
            } else if (kind == "ItemDefinitionGroup") {
                item_definitions_.emplace_back(node, file);
            } else if (kind == "ItemGroup") {
                item_groups_.emplace_back(node, file);
            } else if (kind == "Import") {
                PORTICO_TRY_VOID(import(node, file));
            } else if (kind == "ImportGroup") {
                for (const pugi::xml_node inner : node.children("Import")) {
                    if (PORTICO_TRY(holds(inner, file))) PORTICO_TRY_VOID(import(inner, file));
                }
            } else if (kind == "Choose") {
                PORTICO_TRY_VOID(choose(node, file));
            }
        }
        return {};
    }

    // A short file can name much text often.
    Result<void> spend(const std::string& text, const std::string& file, const pugi::xml_node& where) {
        bytes_ += text.size();
        if (text.size() < property_bytes_max && bytes_ <= bytes_max) return {};
        return Error{
            fmt::format("{}: the value of {} is too large, or those of all are", file, where.name())};
    }

    Result<void> choose(const pugi::xml_node& node, const std::string& file) {
        if (++choices_ > imports_max) return wrong("too many <Choose>");
        for (const pugi::xml_node branch : node.children()) {
            const bool otherwise = std::string_view(branch.name()) == "Otherwise";
            if (otherwise || PORTICO_TRY(holds(branch, file))) return read_properties(branch, file);
        }
        return {};
    }

    Result<void> set_properties(const pugi::xml_node& group, const std::string& file) {
        for (const pugi::xml_node property : group.children()) {
            if (property.type() != pugi::node_element || !PORTICO_TRY(holds(property, file))) continue;
            std::string value(trim(properties_.expand(property.text().get())));
            PORTICO_TRY_VOID(spend(value, file, property));
            properties_.set(property.name(), std::move(value));
        }
        return {};
    }

    // Those of the tool set ($(VCTargetsPath)\...) are Portico's own business.
    Result<void> import(const pugi::xml_node& node, const std::string& file) {
        const std::string_view written = node.attribute("Project").value();
        const std::string name = properties_.expand(written);
        if (name.empty() || name[0] == '\\' || name[0] == '/') return {};
        const std::string path = finder_.find(absolute_path(name, folder_of(file)));
        if (path.empty() || !is_file(path)) {
            if (written.find("$(") == std::string_view::npos)
                return Error{fmt::format("{}: imports {}, which is not there", file, written)};
            return {};
        }
        return import_file(path);
    }

    // What all projects below a folder share: the nearest one.
    Result<void> import_above(const std::string& name) {
        for (std::string folder = folder_;; folder = folder_of(folder)) {
            const std::string path = finder_.find(absolute_path(name, folder));
            if (!path.empty() && is_file(path)) return import_file(path);
            if (folder == "/") return {};
        }
    }

    Result<void> import_file(const std::string& path) {
        if (++imports_ > imports_max) return wrong("too many imports, or one that imports itself");
        const pugi::xml_node root = PORTICO_TRY(load(path));
        const std::string before = properties_.get("MSBuildThisFileDirectory");
        properties_.set("MSBuildThisFileDirectory", windows_folder(folder_of(path)));
        PORTICO_TRY_VOID(read_properties(root, path));
        properties_.set("MSBuildThisFileDirectory", before);
        return {};
    }

    Result<void> check_kind() {
        const std::string type = lower(properties_.get("ConfigurationType"));
        const std::string toolset = lower(properties_.get("PlatformToolset"));
        const std::string framework = lower(properties_.get("DriverType"));
        if (framework == "kmdf" || framework == "umdf" || toolset.find("usermodedriver") != std::string::npos)
            return no_framework(path_);
        const bool kernel = type == "driver" || toolset.find("kernelmodedriver") != std::string::npos;
        if (type == "staticlibrary") {
            project_.kind = ProjectKind::library;
        } else if (type == "application" || (type == "dynamiclibrary" && !kernel)) {
            return wrong(fmt::format("makes {} for user mode, not a driver (ConfigurationType is {})",
                                     type == "application" ? "a program" : "a library",
                                     properties_.get("ConfigurationType")));
        } else if (type == "utility" || type == "makefile") {
            return wrong(fmt::format(
                "compiles nothing itself (ConfigurationType is {}); name the driver's project or its sources",
                properties_.get("ConfigurationType")));
        }
        return {};
    }

    Result<void> read_metadata(const pugi::xml_node& node, const std::string& file, Metadata& metadata) {
        const std::string before = properties_.get("MSBuildThisFileDirectory");
        properties_.set("MSBuildThisFileDirectory", windows_folder(folder_of(file)));
        for (const pugi::xml_node value : node.children()) {
            if (value.type() != pugi::node_element || !PORTICO_TRY(holds(value, file))) continue;
            std::string& text = metadata[lower(value.name())];
            text = properties_.expand(value.text().get(), &metadata);
            PORTICO_TRY_VOID(spend(text, file, value));
        }
        for (const pugi::xml_attribute attribute : node.attributes()) {
            const std::string name = lower(attribute.name());
            if (name != "include" && name != "exclude" && name != "remove" && name != "update" &&
                name != "condition")
                metadata[name] = properties_.expand(attribute.value(), &metadata);
        }
        properties_.set("MSBuildThisFileDirectory", before);
        return {};
    }

    Result<void> read_definitions(const pugi::xml_node& group, const std::string& file) {
        for (const pugi::xml_node node : group.children()) {
            if (node.type() == pugi::node_element && PORTICO_TRY(holds(node, file)))
                PORTICO_TRY_VOID(read_metadata(node, file, definitions_[lower(node.name())]));
        }
        return {};
    }

    Result<void> read_items(const pugi::xml_node& group, const std::string& file) {
        for (const pugi::xml_node node : group.children()) {
            if (node.type() != pugi::node_element || !PORTICO_TRY(holds(node, file))) continue;
            const std::string type = lower(node.name());
            if (node.attribute("Remove")) remove(type, properties_.expand(node.attribute("Remove").value()));
            Metadata metadata = definitions_[type];
            for (const auto& [name, value] : metadata) PORTICO_TRY_VOID(spend(value, file, node));
            PORTICO_TRY_VOID(read_metadata(node, file, metadata));
            excluded_ = paths_of(properties_.expand(node.attribute("Exclude").value()));
            for (const std::string& name : split(properties_.expand(node.attribute("Include").value()), ";"))
                PORTICO_TRY_VOID(item(type, unescaped(name), file, metadata));
        }
        return {};
    }

    void remove(const std::string& type, const std::string& names) {
        if (type != "clcompile") return;
        const auto paths = paths_of(names);
        std::erase_if(project_.sources,
                      [&](const ProjectSource& source) { return paths.contains(source.path); });
    }

    // The files that a list with patterns in it names.
    std::set<std::string> paths_of(const std::string& list) {
        std::set<std::string> paths;
        for (const std::string& name : split(list, ";")) {
            const std::string path = absolute_path(unescaped(name), folder_);
            if (path.find_first_of("*?") == std::string::npos) {
                paths.insert(finder_.find(path));
            } else {
                for (const std::string& each : Wildcards(finder_).expand(path)) paths.insert(each);
            }
        }
        return paths;
    }

    Result<void> item(const std::string& type, const std::string& name, const std::string& file,
                      const Metadata& metadata) {
        const std::string path = absolute_path(name, folder_);
        if (type == "clcompile") return compile_item(name, path, file, metadata);
        if (type == "projectreference") {
            const auto linked = metadata.find("linklibrarydependencies");
            if (linked == metadata.end() || !same_letters(linked->second, "false"))
                references_.push_back(path);
        } else if (!is_excluded(metadata) && type != "clinclude" && type != "none" &&
                   type != "projectconfiguration" && type != "filter") {
            const std::string found = is_message_file(path) ? finder_.find(path) : std::string{};
            if (!found.empty() && is_file(found)) project_.messages.push_back(found);
            if (const std::string kind = kind_of_left_out(path); !kind.empty())
                project_.left_out.push_back(fmt::format("{} ({})", name_of(path), kind));
        }
        return {};
    }

    static bool is_excluded(const Metadata& metadata) {
        const auto found = metadata.find("excludedfrombuild");
        return found != metadata.end() && same_letters(trim(found->second), "true");
    }

    Result<void> compile_item(const std::string& name, const std::string& path, const std::string& file,
                              const Metadata& metadata) {
        if (is_excluded(metadata)) return {};
        const bool pattern = name.find_first_of("*?") != std::string::npos;
        for (const std::string& each :
             pattern ? Wildcards(finder_).expand(path) : std::vector<std::string>{finder_.find(path)}) {
            if (each.empty() || !is_file(each))
                return Error{fmt::format("{}: names {}, which is not there", file, name)};
            if (excluded_.contains(each)) continue;
            if (project_.sources.size() >= items_max) return wrong("names more than 20000 sources");
            if (!is_source(each)) continue;
            project_.sources.push_back({each, settings_of(metadata)});
            if (const std::string told = not_taken_over(project_.sources.back().settings);
                !told.empty() && not_taken_over_.insert(told).second)
                project_.notes.push_back(fmt::format("{}: {}", path_, told));
        }
        return {};
    }

    static std::string value_of(const Metadata& metadata, const char* name) {
        const auto found = metadata.find(name);
        return found == metadata.end() ? std::string{} : found->second;
    }

    // NAME="text", or with backslashes as on a command line.
    static std::string macro_of(const std::string& written) {
        std::string macro = unescaped(written);
        if (macro.find("\\\"") == std::string::npos) return macro;
        return fmt::format("{}", fmt::join(command_words(macro), " "));
    }

    // Relative folders start at the project, wherever the sheet that names them lies.
    void add_folders(const std::string& list, std::vector<std::string>& folders) {
        for (const std::string& name : split(list, ";\"")) {
            const std::string folder = finder_.find(absolute_path(unescaped(name), folder_));
            if (!folder.empty() && is_folder(folder) &&
                std::find(folders.begin(), folders.end(), folder) == folders.end())
                folders.push_back(folder);
        }
    }

    SourceSettings settings_of(const Metadata& metadata) {
        SourceSettings settings;
        add_folders(value_of(metadata, "additionalincludedirectories"), settings.includes);
        add_folders(properties_.get("IncludePath"), settings.includes);
        for (const std::string& macro : split(value_of(metadata, "preprocessordefinitions"), ";"))
            settings.macros.push_back("-D" + macro_of(macro));
        for (const std::string& macro : split(value_of(metadata, "undefinepreprocessordefinitions"), ";"))
            settings.macros.push_back("-U" + macro);
        for (const std::string& header : split(value_of(metadata, "forcedincludefiles"), ";"))
            settings.forced_includes.push_back(unescaped(header));
        const std::string language = lower(value_of(metadata, "compileas"));
        if (language == "compileasc") settings.language = Language::c;
        if (language == "compileascpp") settings.language = Language::cxx;
        settings.short_wchar = same_letters(value_of(metadata, "treatwchar_tasbuiltintype"), "false");
        settings.standard = cxx_standard(value_of(metadata, "languagestandard"));
        const std::string packing = value_of(metadata, "structmemberalignment");
        if (!packing.empty() && std::isdigit(packing[0] & 0x7F) != 0)
            settings.packing = "/Zp" + packing.substr(0, packing.find_first_not_of("0123456789"));
        read_compiler_options(unescaped(value_of(metadata, "additionaloptions")), folder_, finder_, settings);
        return settings;
    }

    void finish() {
        project_.name = properties_.get("TargetName");
        const Metadata& link = definitions_[project_.kind == ProjectKind::library ? "lib" : "link"];
        for (const std::string& library : split(value_of(link, "additionaldependencies"), ";"))
            project_.libraries.push_back(library);
        const std::string entry = value_of(link, "entrypointsymbol");
        // What checks the stack cookie before it calls DriverEntry.
        if (!entry.empty() && !entry.starts_with("GsDriverEntry")) project_.entry = entry;
        if (const std::string exports = value_of(link, "moduledefinitionfile"); !exports.empty())
            project_.left_out.push_back(fmt::format("{} ({})", name_of(exports), kind_of_left_out("x.def")));
    }

    // Only static libraries become a part of the driver.
    Result<void> follow(const std::string& reference, std::set<std::string>& seen, std::size_t depth,
                        std::vector<Project>& projects) {
        const std::string path = finder_.find(reference);
        if (path.empty() || !is_file(path))
            return wrong(fmt::format("refers to {}, which is not there", reference));
        if (seen.contains(lower(path)) || depth >= reference_depth_max) return {};
        auto others = VcxprojReader(path, config_, finder_).run(seen, depth + 1);
        if (!others.ok()) return others.error();
        if ((*others)[0].kind != ProjectKind::library) {
            projects[0].left_out.push_back(name_of(path) + " (a project of its own)");
            return {};
        }
        projects.insert(projects.end(), std::make_move_iterator(others->begin()),
                        std::make_move_iterator(others->end()));
        return {};
    }

    std::string path_;
    std::string folder_;
    Config config_;
    FileFinder& finder_;
    MsbuildProperties properties_;
    Project project_;
    std::vector<std::unique_ptr<pugi::xml_document>> documents_;
    std::vector<std::pair<pugi::xml_node, std::string>> item_definitions_, item_groups_;
    std::map<std::string, Metadata> definitions_;
    std::vector<std::string> references_;
    std::set<std::string> excluded_;  // of the item that is read
    std::set<std::string> not_taken_over_;
    std::size_t imports_ = 0;
    std::size_t choices_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<Project>> read_vcxproj(const std::string& path, Config config, FileFinder& finder) {
    std::set<std::string> seen;
    return VcxprojReader(path, config, finder).run(seen, 0);
}

}  // namespace portico::build
