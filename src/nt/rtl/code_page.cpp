#include "nt/rtl/code_page.h"

namespace portico::nt::rtl {
namespace {

// Windows-1252 from 0x80 to 0x9F (Unicode's mapping table of the code page, with the best-fit values of its
// five holes).
constexpr WCHAR upper_controls[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

}  // namespace

WCHAR from_ansi(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= 0x80 && value < 0xA0 ? upper_controls[value - 0x80] : value;
}

char to_ansi(WCHAR unit) {
    if (unit < 0x80 || (unit >= 0xA0 && unit <= 0xFF)) return static_cast<char>(unit);
    for (unsigned i = 0; i < 32; ++i) {
        if (upper_controls[i] == unit) return static_cast<char>(0x80 + i);
    }
    return '?';
}

unsigned put_utf8(char32_t scalar, char bytes[4]) {
    const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (scalar >> shift & 0x3F)); };
    if (scalar < 0x80) {
        bytes[0] = static_cast<char>(scalar);
        return 1;
    }
    if (scalar < 0x800) {
        bytes[0] = static_cast<char>(0xC0 | scalar >> 6);
        bytes[1] = tail(0);
        return 2;
    }
    if (scalar < 0x10000) {
        bytes[0] = static_cast<char>(0xE0 | scalar >> 12);
        bytes[1] = tail(6);
        bytes[2] = tail(0);
        return 3;
    }
    bytes[0] = static_cast<char>(0xF0 | scalar >> 18);
    bytes[1] = tail(12);
    bytes[2] = tail(6);
    bytes[3] = tail(0);
    return 4;
}

}  // namespace portico::nt::rtl
