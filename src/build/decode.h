// The bytes of a source as UTF-8, as Microsoft's compiler reads them.
#pragma once

#include <string>

namespace portico::build {

// UTF-16 with a byte-order mark becomes UTF-8. What is no UTF-8 is Windows-1252: comments, names and wide
// literals become UTF-8, other literals keep their bytes, as escapes. A lone carriage return becomes the end
// of a line, and an end-of-file mark of DOS at the very end goes.
std::string decode_source(std::string bytes);

}  // namespace portico::build
