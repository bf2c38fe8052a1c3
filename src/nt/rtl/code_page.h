// The simulated machine's ANSI code page, Windows-1252, and UTF-8 for text that people read.
#pragma once

#include "wdm.h"

namespace portico::nt::rtl {

// '?' for what the code page lacks; the five codes that it leaves open stand for themselves (U+0081 ...).
char to_ansi(WCHAR unit);
WCHAR from_ansi(char byte);

// Writes a Unicode scalar value as UTF-8; returns the number of bytes, 1 to 4.
unsigned put_utf8(char32_t scalar, char bytes[4]);

}  // namespace portico::nt::rtl
