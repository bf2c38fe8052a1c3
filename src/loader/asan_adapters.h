#pragma once

namespace portico::loader {

// What a driver compiled with AddressSanitizer imports: the host's run-time library behind Microsoft's
// calling convention. Null for other names, and always null when Portico itself is built without it.
const void* find_asan_adapter(const char* name);

}  // namespace portico::loader
