// Counted strings of the machine, in pool.
#pragma once

#include "portcls/memory.h"

namespace portico::portcls {

// A copy with a terminating zero; an empty string copies to an empty one. False without memory.
bool copy_string(const UNICODE_STRING& from, UNICODE_STRING& to);
void free_string(UNICODE_STRING& string);

}  // namespace portico::portcls
