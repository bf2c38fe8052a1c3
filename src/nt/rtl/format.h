// printf as Windows' kernel does it: long has 32 bits, %I64 %I32 %I, %wZ and %Z for counted strings, %S and
// %C for the other width of character, %p as 16 digits (FLD-054; Microsoft's "Format specification syntax").
#pragma once

#include "wdm.h"

namespace portico::nt::rtl {

using Arguments = __builtin_ms_va_list;

// What a wide character becomes in narrow text.
enum class WideAs { ansi, utf8 };

// Keeps the first `capacity` characters and counts all.
template <class C>
struct FormatBuffer {
    C* begin;
    SIZE_T capacity;
    SIZE_T length = 0;

    void put(C c) {
        if (length < capacity) begin[length] = c;
        ++length;
    }
    bool overflowed() const { return length > capacity; }
};

void format(FormatBuffer<char>& out, const char* text, Arguments arguments, WideAs wide_as = WideAs::ansi);
void format(FormatBuffer<WCHAR>& out, const WCHAR* text, Arguments arguments);

// Whether the format has one of %C %S %lc %ls %wc %ws %wZ.
bool formats_unicode(const char* text);

}  // namespace portico::nt::rtl
