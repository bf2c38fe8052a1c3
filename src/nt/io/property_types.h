// What data fits a device property's type (DEVPROPTYPE).
#pragma once

#include "wdm.h"

namespace portico::nt::io {

// `size` in bytes. DEVPROP_TYPE_EMPTY fits nothing: it deletes. IRQL PASSIVE_LEVEL.
bool fits_property_type(DEVPROPTYPE type, LCID lcid, const void* data, ULONG size);

}  // namespace portico::nt::io
