// The run-time library's inside: what other rooms may call, and what its files share.
#pragma once

#include "wdm.h"

namespace portico::nt::rtl {

// As after power-on: no debug output, every debug filter open, the C run time's seed.
void reset();

// One UTF-16 unit by the kernel's table of upper-case letters: a letter without a partner stays as it is.
WCHAR upcase(WCHAR unit);
WCHAR downcase(WCHAR unit);

// "{01234567-89AB-CDEF-0123-456789ABCDEF}"
constexpr SIZE_T guid_characters = 38;
// `to` has room for the text and a null; `digits`: the sixteen that it is written with.
void write_guid(const GUID& guid, WCHAR* to, const char* digits);
// False: `from` does not begin with the text of a GUID.
bool read_guid(const WCHAR* from, GUID& guid);

struct WindowsVersion {
    ULONG major, minor, build;
};
WindowsVersion windows_version();

// What the compiler's names __readcr8, __writecr8, _disable and _enable do. Not for the host's own use.
ULONGLONG NTAPI read_cr8();
void NTAPI write_cr8(ULONGLONG irql);
void NTAPI disable_interrupts();
void NTAPI enable_interrupts();

namespace crt {
constexpr SIZE_T truncate = ~SIZE_T{0};  // _TRUNCATE, a count that means "as much as fits"
void reset();
}  // namespace crt

}  // namespace portico::nt::rtl
