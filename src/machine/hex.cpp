#include "machine/hex.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace portico::machine {

std::optional<std::vector<std::uint8_t>> bytes_of_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, bytes[i], 16);
    return bytes;
}

std::string hex_of(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("{:02X}", byte);
    return text;
}

Result<std::vector<std::uint8_t>> read_bytes(const std::string& path) {
    if (std::filesystem::is_directory(path))
        return Error{fmt::format("{}: cannot be read: is a folder", path)};
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
    std::vector<std::uint8_t> bytes(ioctl_bytes_max + 1);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > ioctl_bytes_max)
        return Error{fmt::format("{}: a request has at most {} bytes", path, ioctl_bytes_max)};
    return bytes;
}

Result<std::vector<std::uint8_t>> bytes_of_argument(const std::string& text) {
    if (auto bytes = bytes_of_hex(text)) return std::move(*bytes);
    std::error_code error;
    if (!std::filesystem::exists(text, error)) {
        return Error{fmt::format(
            "{}: neither bytes in hexadecimal, two digits each as 0003FF, nor a file that is there", text)};
    }
    return read_bytes(text);
}

}  // namespace portico::machine
