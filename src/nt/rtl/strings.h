// What the string families share. `frame` is the exported function's __builtin_frame_address(0): its caller
// is the maker of the memory that the function gives.
#pragma once

#include <algorithm>

#include "nt/rtl/rtl.h"

#define PORTICO_FRAME __builtin_frame_address(0)

namespace portico::nt::rtl {

constexpr ULONG string_tag = 'grtS';
constexpr USHORT unicode_bytes_max = 0xFFFC;  // with a terminator, still even and in a USHORT
constexpr USHORT ansi_bytes_max = 0xFFFE;

// Paged pool of the driver that called; null when exhausted.
void* allocate_string(SIZE_T size, const void* frame);
void free_string(void* buffer, const void* frame);

constexpr SIZE_T characters(const UNICODE_STRING& string) {
    return string.Length / sizeof(WCHAR);
}

template <class C>
SIZE_T length_of(const C* text) {
    SIZE_T n = 0;
    while (text[n] != 0) ++n;
    return n;
}

// What a digit or letter counts in a base of up to 36; 99: it is neither.
template <class C>
constexpr unsigned digit_of(C c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A' + 10);
    return 99;
}

// A letter of the code page; one whose partner is not in the code page stays.
CHAR upcase_ansi(CHAR byte);

// < 0, 0, > 0 by the first difference, then by the length.
LONG compare(const WCHAR* a, SIZE_T a_length, const WCHAR* b, SIZE_T b_length, bool fold);
inline bool equal(const UNICODE_STRING& a, const UNICODE_STRING& b, bool fold) {
    return a.Length == b.Length && compare(a.Buffer, characters(a), b.Buffer, characters(b), fold) == 0;
}

}  // namespace portico::nt::rtl
