// The shadow of a driver's sources: the files as clang is to see them, laid over those on disk by clang's
// virtual file system. The driver's own files stay untouched, and messages, debug information and
// dependencies name them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "build/files.h"
#include "build/process.h"
#include "build/shadow_pass.h"

namespace portico::build {

// One text through all passes. `path` is for messages.
Result<std::string> shadow_of(const std::string& path, std::string bytes, Language language,
                              const ShadowFacts& facts);

struct ShadowRequest {
    std::vector<std::string> sources;          // absolute paths
    std::vector<std::string> includes;         // folders, absolute
    std::vector<std::string> forced_includes;  // as written
    std::vector<std::string> ddk;              // folders of Portico's headers, which need no shadow
    std::vector<std::string> messages;         // message text files (.mc) of the project, absolute
    std::string folder;                        // where the shadow's files go
    ShadowFacts facts;                         // what the author asked for; the rest is found
};

struct MissingHeader {
    std::string name;
    std::string path;  // of the file that includes it
    std::uint32_t line;
};

struct Shadow {
    std::string facts;                   // a file that changes with what all files together tell
    std::vector<std::string> supplied;   // headers that tools of Windows' generate: made here
    std::vector<MissingHeader> missing;  // in some branch of some condition: the compiler says if it matters
};

// What clang needs to see the shadow in a folder.
Arguments overlay_flags(const std::string& folder);

// Reads the sources and what they include, in any spelling of case and slashes, and writes what differs.
Result<Shadow> make_shadow(const ShadowRequest& request, FileFinder& finder);

}  // namespace portico::build
