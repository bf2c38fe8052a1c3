#include "build/project.h"

#include <fmt/format.h>

#include <algorithm>

#include "build/message_compiler.h"

namespace portico::build {
namespace {

constexpr std::size_t sources_max = 20000;

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
};

void collect(const std::string& folder, FileFinder& finder, int depth, Tree& tree) {
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
        if (is_folder(path) && depth < 8) folders.push_back(path);
    }
    if (headers || depth == 0) tree.headers_in.push_back(folder);
    for (const std::string& inner : folders) collect(inner, finder, depth + 1, tree);
}

Result<std::vector<Project>> read_plain_folder(const std::string& folder, FileFinder& finder) {
    Tree tree;
    collect(folder, finder, 0, tree);
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
