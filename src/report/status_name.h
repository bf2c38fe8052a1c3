#pragma once

#include "wdm.h"

namespace portico::report {

// "STATUS_INVALID_PARAMETER"; "" for a value that has no name.
const char* status_name(NTSTATUS status);

}  // namespace portico::report
