#include "machine/input_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace portico::machine {

Result<std::string> read_input(const std::string& path, std::size_t bytes_max) {
    std::error_code unknown;  // what is wrong with the path, opening tells
    if (std::filesystem::is_directory(path, unknown))
        return Error{fmt::format("{}: cannot be read: is a folder", path)};
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
    std::string bytes(bytes_max + 1, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

}  // namespace portico::machine
