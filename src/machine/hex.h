// Bytes that a person writes as hexadecimal or keeps in a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace portico::machine {

constexpr std::size_t ioctl_bytes_max = 65536;  // of a buffer

// "0003FF" or "0x0003ff"; none: it is something else.
std::optional<std::vector<std::uint8_t>> bytes_of_hex(std::string_view text);
std::string hex_of(const std::vector<std::uint8_t>& bytes);
// The whole file, at most ioctl_bytes_max bytes; errors begin with the path.
Result<std::vector<std::uint8_t>> read_bytes(const std::string& path);
// Hexadecimal, or else the path of a file.
Result<std::vector<std::uint8_t>> bytes_of_argument(const std::string& text);

}  // namespace portico::machine
