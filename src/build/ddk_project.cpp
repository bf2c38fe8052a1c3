// A DDK build's "sources" and "dirs".
#include <fmt/format.h>

#include <algorithm>

#include "build/message_compiler.h"
#include "build/nmake.h"
#include "build/project.h"

namespace portico::build {
namespace {

constexpr std::size_t projects_max = 200;
constexpr int folder_depth_max = 16;

// What DDK's build environment sets before it reads a file.
void set_environment(NmakeFile& file, Config config) {
    const bool free = config == Config::free;
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, const char*>>{{"AMD64", "1"},
                                                                    {"386", "0"},
                                                                    {"IA64", "0"},
                                                                    {"ARM", "0"},
                                                                    {"TARGET_DIRECTORY", "amd64"},
                                                                    {"TARGET_CPU", "AMD64"},
                                                                    {"_BUILDARCH", "AMD64"},
                                                                    {"BUILD_ALT_DIR", ""},
                                                                    {"O", "obj"},
                                                                    {"FREEBUILD", free ? "1" : "0"},
                                                                    {"DDKBUILDENV", free ? "fre" : "chk"},
                                                                    {"DDK_TARGET_OS", "Win7"},
                                                                    {"_NT_TARGET_VERSION", "0x601"},
                                                                    {"_NT_TARGET_VERSION_WIN2K", "0x500"},
                                                                    {"_NT_TARGET_VERSION_WINXP", "0x501"},
                                                                    {"_NT_TARGET_VERSION_WS03", "0x502"},
                                                                    {"_NT_TARGET_VERSION_VISTA", "0x600"},
                                                                    {"_NT_TARGET_VERSION_LH", "0x600"},
                                                                    {"_NT_TARGET_VERSION_WIN7", "0x601"}}) {
        file.set(name, value);
    }
}

class SourcesReader {
  public:
    SourcesReader(const std::string& path, Config config, FileFinder& finder)
        : path_(path), folder_(folder_of(path)), finder_(finder), file_(finder) {
        set_environment(file_, config);
    }

    Result<Project> run() {
        project_.file = path_;
        PORTICO_TRY_VOID(file_.read(path_));
        PORTICO_TRY_VOID(check_kind());
        project_.name = file_.value("TARGETNAME");
        if (project_.name.empty()) return wrong("has no TARGETNAME");
        read_settings();
        for (const char* list : {"SOURCES", "AMD64_SOURCES"}) PORTICO_TRY_VOID(add_sources(list));
        for (const char* other : {"I386_SOURCES", "IA64_SOURCES", "ARM_SOURCES"}) {
            for (const std::string& name : split(file_.value(other), " \t"))
                project_.left_out.push_back(fmt::format("{} (for another processor)", name_of(name)));
        }
        for (const char* list : {"TARGETLIBS", "LINKLIBS", "DRIVERLIBS"}) {
            for (const std::string& library : split(file_.value(list), " \t"))
                project_.libraries.push_back(library);
        }
        if (const std::string exports = file_.value("DLLDEF"); !exports.empty())
            project_.left_out.push_back(fmt::format("{} ({})", name_of(exports), kind_of_left_out("x.def")));
        const std::string entry = file_.value("DLLENTRY");
        if (file_.exhausted()) return wrong("macros too large, or too many in each other");
        if (!entry.empty() && !entry.starts_with("GsDriverEntry") && !entry.starts_with("_"))
            project_.entry = entry;
        return std::move(project_);
    }

  private:
    Error wrong(const std::string& what) const { return {path_ + ": " + what}; }

    Result<void> check_kind() {
        const std::string type = lower(file_.value("TARGETTYPE"));
        if (file_.defines("KMDF_VERSION") || file_.defines("KMDF_VERSION_MAJOR") ||
            file_.defines("UMDF_VERSION") || file_.defines("UMDF_VERSION_MAJOR"))
            return no_framework(path_);
        if (type == "library" || type == "driver_library") {
            project_.kind = ProjectKind::library;
        } else if (type != "driver" && type != "export_driver" && type != "miniport" &&
                   type != "gdi_driver" && !type.empty()) {
            return wrong(fmt::format("makes no driver: TARGETTYPE is {}", file_.value("TARGETTYPE")));
        }
        return {};
    }

    void add_folders(const std::string& list) {
        for (const std::string& name : split(list, ";\"")) {
            const std::string folder = finder_.find(absolute_path(name, folder_));
            if (!folder.empty() && is_folder(folder)) settings_.includes.push_back(folder);
        }
    }

    void read_settings() {
        settings_.short_wchar = true;
        settings_.includes.push_back(folder_);
        add_folders(file_.value("INCLUDES"));
        for (const char* name : {"C_DEFINES", "USER_C_FLAGS", "C_COMMON_FLAGS", "MSC_OPTIMIZATION"})
            read_compiler_options(file_.value(name), folder_, finder_, settings_);
        if (const std::string told = not_taken_over(settings_); !told.empty())
            project_.notes.push_back(fmt::format("{}: {}", path_, told));
        if (file_.value("UNICODE") == "1")
            settings_.macros.insert(settings_.macros.end(), {"-DUNICODE", "-D_UNICODE"});
    }

    Result<void> add_sources(const char* list) {
        for (const std::string& name : split(file_.value(list), " \t")) {
            const std::string path = finder_.find(absolute_path(name, folder_));
            const bool messages = is_message_file(name);
            const bool read = messages || is_source(name);
            if (read && (path.empty() || !is_file(path)))
                return wrong(fmt::format("{} names {}, which is not there", list, name));
            if (messages) {
                project_.messages.push_back(path);
            } else if (read) {
                project_.sources.push_back({path, settings_});
            } else if (const std::string kind = kind_of_left_out(name); !kind.empty()) {
                project_.left_out.push_back(fmt::format("{} ({})", name_of(name), kind));
            } else {
                project_.notes.push_back(
                    fmt::format("{}: {} names {}, which is no source; left out", path_, list, name));
            }
        }
        return {};
    }

    std::string path_;
    std::string folder_;
    FileFinder& finder_;
    NmakeFile file_;
    Project project_;
    SourceSettings settings_;
};

Result<void> read_folder(const std::string& folder, Config config, FileFinder& finder, int depth,
                         std::vector<Project>& projects);

Result<void> read_file_of_folder(const std::string& path, Config config, FileFinder& finder, int depth,
                                 std::vector<Project>& projects) {
    if (projects.size() >= projects_max || depth > folder_depth_max)
        return Error{path + ": too many folders"};
    if (lower(name_of(path)) != "dirs") {
        projects.push_back(PORTICO_TRY(SourcesReader(path, config, finder).run()));
        return {};
    }
    NmakeFile file(finder);
    set_environment(file, config);
    PORTICO_TRY_VOID(file.read(path));
    for (std::string name : split(file.value("DIRS") + " " + file.value("OPTIONAL_DIRS"), " \t")) {
        name = name.substr(0, name.find('{'));  // "name{for what}"
        const std::string folder = finder.find(absolute_path(name, folder_of(path)));
        if (folder.empty())
            return Error{fmt::format("{}: names the folder {}, which is not there", path, name)};
        PORTICO_TRY_VOID(read_folder(folder, config, finder, depth + 1, projects));
    }
    return {};
}

Result<void> read_folder(const std::string& folder, Config config, FileFinder& finder, int depth,
                         std::vector<Project>& projects) {
    for (const char* name : {"sources", "dirs"}) {
        const std::string path = finder.find(folder + "/" + name);
        if (!path.empty() && is_file(path)) return read_file_of_folder(path, config, finder, depth, projects);
    }
    return Error{folder + ": neither a sources nor a dirs file in it"};
}

}  // namespace

Result<std::vector<Project>> read_ddk_project(const std::string& path, Config config, FileFinder& finder) {
    std::vector<Project> projects;
    PORTICO_TRY_VOID(read_file_of_folder(path, config, finder, 0, projects));
    if (projects.empty()) return Error{path + ": names no folder"};
    return projects;
}

}  // namespace portico::build
