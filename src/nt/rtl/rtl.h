// The run-time library's inside: what other rooms may call, and what its files share.
#pragma once

#include "wdm.h"

namespace portico::nt::rtl {

// As after power-on: no debug output, every debug filter open, the C run time's seed.
void reset();

// One UTF-16 unit by the kernel's table of upper-case letters: a letter without a partner stays as it is.
WCHAR upcase(WCHAR unit);
WCHAR downcase(WCHAR unit);

namespace crt {
void reset();
}

}  // namespace portico::nt::rtl
