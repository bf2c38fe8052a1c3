#include "machine/hex.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "machine/input_file.h"

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
    const std::string bytes = PORTICO_TRY(read_input(path, ioctl_bytes_max));
    if (bytes.size() > ioctl_bytes_max)
        return Error{fmt::format("{}: a request has at most {} bytes", path, ioctl_bytes_max)};
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
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
