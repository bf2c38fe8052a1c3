// Message text files (.mc): what Windows' message compiler makes a header of. The messages' own table is a
// resource, which nobody loads here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace portico::build {

bool is_message_file(const std::string& path);

// The header that goes with the file: a #define for each SymbolicName, those of facilities and severities,
// and the lines that begin with ';'. `text` is UTF-8; `path` is for errors, "PATH:LINE: what is wrong".
Result<std::string> compile_messages(const std::string& path, std::string_view text);

}  // namespace portico::build
