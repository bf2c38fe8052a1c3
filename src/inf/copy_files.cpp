#include "inf/copy_files.h"

#include <fmt/format.h>

#include <string_view>

namespace portico::inf {
namespace {

bool is_image(std::string_view name) {
    for (const std::string_view suffix : {".sys", ".dll", ".exe", ".cpl", ".ax"}) {
        if (name.size() > suffix.size() && equal(name.substr(name.size() - suffix.size()), suffix))
            return true;
    }
    return false;
}

// What a section's files are copied to, as [DestinationDirs] says; empty: nowhere that is there.
std::string destination_of(const File& file, std::string_view section) {
    const Section* const destinations = file.section("DestinationDirs");
    if (destinations == nullptr) return {};
    const Line* line = destinations->find(section);
    if (line == nullptr) line = destinations->find("DefaultDestDir");
    const char* const folder = line != nullptr ? directory(line->at(0)) : nullptr;
    if (folder == nullptr) return {};
    return line->has(1) ? fmt::format("{}\\{}", folder, line->at(1)) : folder;
}

std::string source_of(const File& file, const std::string& name) {
    for (const char* const section : {"SourceDisksFiles.amd64", "SourceDisksFiles"}) {
        const Section* const files = file.section(section);
        const Line* const line = files != nullptr ? files->find(name) : nullptr;
        if (line != nullptr && line->has(1)) return fmt::format("{}\\{}", line->at(1), name);
    }
    return name;
}

}  // namespace

void read_copy_files(const File& file, const Line& directive, std::vector<CopiedFile>& to, Problems& errors,
                     Problems& warnings) {
    const auto add = [&](const std::string& folder, const std::string& name, const std::string& source,
                         unsigned line) {
        if (folder.empty() || name.empty() || is_image(name)) return;
        if (to.size() == copied_files_max)
            return errors.add(line,
                              fmt::format("CopyFiles: more than {} files of a model", copied_files_max));
        to.push_back({source_of(file, source), fmt::format("{}\\{}", folder, name)});
    };
    for (const std::string& named : directive.values) {
        if (named.starts_with('@')) {
            add(destination_of(file, "DefaultDestDir"), named.substr(1), named.substr(1), directive.number);
            continue;
        }
        const Section* const section = named.empty() ? nullptr : file.section(named);
        if (section == nullptr) {
            if (!named.empty())
                warnings.add(directive.number,
                             fmt::format("CopyFiles: there is no section [{}]", named.substr(0, 64)));
            continue;
        }
        const std::string folder = destination_of(file, named);
        for (const Line& line : section->lines)
            add(folder, line.at(0), line.has(1) ? line.at(1) : line.at(0), line.number);
    }
}

}  // namespace portico::inf
