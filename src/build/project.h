// A driver author's projects: what is compiled, and how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "build/files.h"
#include "build/toolchain.h"

namespace portico::build {

enum class ProjectKind : std::uint8_t { driver, library };

struct SourceSettings {
    std::optional<Language> language;  // instead of what the name says
    bool short_wchar = false;
    std::vector<std::string> includes;         // absolute folders; those that are not there are left out
    std::vector<std::string> macros;           // "-DNAME[=VALUE]", "-UNAME"
    std::vector<std::string> forced_includes;  // as written
    std::string standard;  // of C++, "c++17"; empty: the one that drivers were written for
    std::string packing;   // "/Zp1", which is not taken over
};

struct ProjectSource {
    std::string path;  // absolute, as the disk spells it
    SourceSettings settings;
};

struct Project {
    std::string file;  // the project's file, or its folder
    std::string name;
    ProjectKind kind = ProjectKind::driver;
    std::string entry;  // empty: DriverEntry
    std::vector<ProjectSource> sources;
    std::vector<std::string> messages;   // message text files (.mc), absolute
    std::vector<std::string> libraries;  // static libraries as it names them
    std::vector<std::string> left_out;   // "card.rc (resources)"
    std::vector<std::string> notes;      // a line each
};

// What a path stands for: a folder (its .vcxproj, else its DDK files, else all its sources), a .vcxproj, or a
// DDK "sources" or "dirs" file. Projects that it refers to come along. One clear line for anything else.
Result<std::vector<Project>> read_projects(const std::string& path, Config config, FileFinder& finder);

Result<std::vector<Project>> read_vcxproj(const std::string& path, Config config, FileFinder& finder);
Result<std::vector<Project>> read_ddk_project(const std::string& path, Config config, FileFinder& finder);

// Options of Microsoft's compiler that say what a source means: /D, /U, /I (relative to `folder`), /FI, /TC,
// /TP, /std:, /Zc:wchar_t-, /Zp. Others are passed over.
void read_compiler_options(std::string_view line, const std::string& folder, FileFinder& finder,
                           SourceSettings& settings);
// "/std:c++17" and "stdcpp17" are "c++17"; older ones and unknown ones are nothing.
std::string cxx_standard(std::string_view name);
// What `settings` say and Portico does not do, a line of it; empty: nothing.
std::string not_taken_over(const SourceSettings& settings);

// A folder of objects that an earlier build made: what lies there is nobody's source.
bool is_objects_folder(const std::string& path);

// What a file that is not compiled is, for a person; empty for a source.
std::string kind_of_left_out(const std::string& path);
bool is_source(const std::string& path);

Error no_framework(const std::string& project);  // KMDF and UMDF

}  // namespace portico::build
