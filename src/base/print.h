// Text for the standard streams.
#pragma once

#include <cstdio>
#include <string_view>

namespace portico {

// Never throws; what a full disk or a reader that has gone does not take is lost. fflush() tells.
inline void print(std::FILE* stream, std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace portico
