#include "build/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "build/message_compiler.h"

namespace portico::build {
namespace {

constexpr std::size_t sources_max = 20000;
constexpr std::size_t folders_max = 5000;

bool is_header(const std::string& path) {
    const std::string suffix = suffix_of(path);
    return suffix == ".h" || suffix == ".hpp" || suffix == ".hxx" || suffix == ".inl";
}

// A folder without a project: all sources in it, or below it if it has none itself; every folder with headers
// is searched.
struct Tree {
    std::vector<std::string> sources;
    std::vector<std::string> headers_in;
    std::vector<std::string> messages;
    std::vector<std::string> left_out;
    std::set<std::string> seen;  // folders, links followed: one may lead back to another
};

void collect(const std::string& folder, FileFinder& finder, int depth, Tree& tree) {
    std::error_code error;
    if (tree.seen.size() > folders_max ||
        !tree.seen.insert(std::filesystem::canonical(folder, error).string()).second)
        return;
    bool headers = false;
    std::vector<std::string> folders;
    for (const std::string& name : finder.names(folder)) {
        const std::string path = folder + "/" + name;
        if (name[0] == '.' || tree.sources.size() >= sources_max) continue;
        if (is_source(name) && is_file(path)) tree.sources.push_back(path);
        headers |= is_header(name);
        if (is_message_file(name) && is_file(path)) tree.messages.push_back(path);
        if (const std::string kind = kind_of_left_out(name); !kind.empty() && is_file(path))
            tree.left_out.push_back(fmt::format("{} ({})", name, kind));
        if (is_folder(path) && depth < 8 && !is_objects_folder(path)) folders.push_back(path);
    }
    if (headers || depth == 0) tree.headers_in.push_back(folder);
    for (const std::string& inner : folders) collect(inner, finder, depth + 1, tree);
}

Result<std::vector<Project>> read_plain_folder(const std::string& folder, FileFinder& finder) {
    Tree tree;
    collect(folder, finder, 0, tree);
    if (tree.seen.size() > folders_max)
        return Error{
            fmt::format("{}: more than {} folders in it; name the driver's own folder", folder, folders_max)};
    std::vector<std::string> own;
    for (const std::string& source : tree.sources) {
        if (folder_of(source) == folder) own.push_back(source);
    }
    if (own.empty()) own = tree.sources;
    if (own.empty()) return Error{folder + ": no .vcxproj, no sources file and no C or C++ source in it"};
    Project project;
    project.file = folder;
    project.name = name_of(folder);
    project.messages = tree.messages;
    project.left_out = tree.left_out;
    for (const std::string& source : own)
        project.sources.push_back({source, {{}, false, tree.headers_in, {}, {}}});
    return std::vector<Project>{std::move(project)};
}

Result<std::vector<Project>> read_project_folder(const std::string& folder, Config config,
                                                 FileFinder& finder) {
    std::vector<std::string> projects;
    for (const std::string& name : finder.names(folder)) {
        if (suffix_of(name) == ".vcxproj") projects.push_back(folder + "/" + name);
    }
    if (projects.size() > 1)
        return Error{fmt::format("{}: several projects ({}, {}{}); name the one to build", folder,
                                 name_of(projects[0]), name_of(projects[1]),
                                 projects.size() > 2 ? ", ..." : "")};
    if (projects.size() == 1) return read_vcxproj(projects[0], config, finder);
    for (const char* name : {"sources", "dirs"}) {
        const std::string path = finder.find(folder + "/" + name);
        if (!path.empty() && is_file(path)) return read_ddk_project(path, config, finder);
    }
    return read_plain_folder(folder, finder);
}

}  // namespace

void read_compiler_options(std::string_view line, const std::string& folder, FileFinder& finder,
                           SourceSettings& settings) {
    const auto words = command_words(line);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word.size() < 2 || (word[0] != '-' && word[0] != '/')) continue;
        const std::string option = word.substr(1);
        const auto value = [&](std::size_t length) {
            return option.size() == length && i + 1 < words.size() ? words[++i] : option.substr(length);
        };
        if (option[0] == 'D' || option[0] == 'U') {
            if (const std::string macro = value(1); !macro.empty())
                settings.macros.push_back(std::string("-") + option[0] + macro);
        } else if (option[0] == 'I') {
            const std::string found = finder.find(absolute_path(value(1), folder));
            if (!found.empty() && is_folder(found)) settings.includes.push_back(found);
        } else if (option.starts_with("FI")) {
            settings.forced_includes.push_back(value(2));
        } else if (option == "TP" || option == "TC") {
            settings.language = option == "TP" ? Language::cxx : Language::c;
        } else if (option.starts_with("std:c++")) {
            settings.standard = cxx_standard(option.substr(4));
        } else if (option.starts_with("Zc:wchar_t")) {
            settings.short_wchar = option.ends_with('-');
        } else if (option.starts_with("Zp")) {
            settings.packing = "/" + option;
        }
    }
}

std::string cxx_standard(std::string_view name) {
    const std::string low = lower(name);
    if (low == "c++17" || low == "stdcpp17") return "c++17";
    const bool newer = low == "c++20" || low == "stdcpp20" || low == "c++latest" || low == "stdcpplatest";
    return newer ? "c++20" : std::string{};
}

std::string not_taken_over(const SourceSettings& settings) {
    if (settings.packing.empty() || settings.packing == "/Zp8" || settings.packing == "/Zp16") return {};
    return settings.packing +
           " is not taken over, since it would pack Windows' own structures, too; write #pragma pack around "
           "the driver's";
}

bool is_objects_folder(const std::string& path) {
    return suffix_of(path) == ".objects" && is_file(path + "/build.ninja") && is_folder(path + "/shadow0");
}

bool is_source(const std::string& path) {
    const std::string suffix = suffix_of(path);
    return suffix == ".c" || suffix == ".cpp" || suffix == ".cxx" || suffix == ".cc" || suffix == ".s";
}

std::string kind_of_left_out(const std::string& path) {
    static const std::pair<const char*, const char*> kinds[] = {
        {".rc", "resources"},   {".res", "resources"}, {".def", "exports"},      {".man", "events"},
        {".cat", "catalogue"},  {".cdf", "catalogue"}, {".inf", "installation"}, {".inx", "installation"},
        {".idl", "interfaces"}, {".asm", "assembler"}, {".mof", "WMI classes"},  {".sed", "cabinet"},
        {".ddf", "cabinet"},    {".lib", "library"},   {".obj", "object"}};
    for (const auto& [suffix, kind] : kinds) {
        if (suffix_of(path) == suffix) return kind;
    }
    return {};
}

Error no_framework(const std::string& project) {
    return {
        project +
        ": uses the driver framework (Wdf*), which Portico does not have; it runs WDM and PortCls drivers"};
}

Result<std::vector<Project>> read_projects(const std::string& path, Config config, FileFinder& finder) {
    const std::string found = finder.find(absolute_path(path));
    if (found.empty()) return Error{path + ": no such file or folder"};
    if (is_folder(found)) return read_project_folder(found, config, finder);
    const std::string suffix = suffix_of(found), name = lower(name_of(found));
    if (suffix == ".vcxproj") return read_vcxproj(found, config, finder);
    if (name == "sources" || name == "dirs" || name.starts_with("sources."))
        return read_ddk_project(found, config, finder);
    if (suffix == ".sln") return Error{path + ": a solution; name one of its projects (.vcxproj)"};
    if (suffix == ".vcproj" || suffix == ".dsp")
        return Error{path + ": a project of an older Visual Studio; name its sources, or a .vcxproj"};
    if (!is_source(found))
        return Error{path + ": neither a folder, a .vcxproj, a sources file nor a C or C++ source"};
    Project project;
    project.file = found;
    project.sources.push_back({found, {}});
    return std::vector<Project>{std::move(project)};
}

}  // namespace portico::build
