// Who may include whom (design, section 2): what the includes of a tree of sources say against it.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace portico::test {

using Rooms = std::set<std::string>;

struct IncludeRules {
    // Room or folder -> what it may include. "ddk" is include/ddk, "portico" include/portico.
    std::map<std::string, Rooms> allowed;
    // Header, or folder of headers (with a slash) -> the rooms that may include it.
    std::map<std::string, Rooms> libraries;
};

// The design's own edges, closed: a room may include what those may include that it may include.
IncludeRules rules_of_the_design();
// Adds the edges that the text records, written `from -> to, to`.
void add_recorded_edges(const std::string& text, IncludeRules& rules);

// A line each: FILE:LINE: ROOM may not include ...
std::vector<std::string> breaches(const std::filesystem::path& root, const IncludeRules& rules);

}  // namespace portico::test
