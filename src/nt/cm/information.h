// The information classes of keys and values, with the documented rules for buffers that are too small. For
// nt/cm.
#pragma once

#include "nt/cm/hive.h"

namespace portico::nt::cm {

// STATUS_BUFFER_TOO_SMALL when not even the fixed part fits (nothing is written), STATUS_BUFFER_OVERFLOW when
// part of the rest is missing; *result_length is the whole in both cases (RK-006). STATUS_INVALID_PARAMETER:
// an unknown class.
NTSTATUS query_key(const Key& key, KEY_INFORMATION_CLASS information_class, void* buffer, ULONG length,
                   ULONG* result_length);
// The classes that ZwEnumerateKey knows.
bool enumerates(KEY_INFORMATION_CLASS information_class);
NTSTATUS query_value(const Value& value, KEY_VALUE_INFORMATION_CLASS information_class, void* buffer,
                     ULONG length, ULONG* result_length);

}  // namespace portico::nt::cm
