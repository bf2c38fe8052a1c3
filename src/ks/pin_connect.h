// The opening of a pin: IRP_MJ_CREATE below a filter, whose name is the pin's GUID, a backslash, a
// KSPIN_CONNECT and a KSDATAFORMAT (PI-002).
#pragma once

#include "wdm.h"
#include "ks.h"
#include "portcls.h"

namespace portico::ks {

// A format with its attributes; longer: STATUS_INVALID_BUFFER_SIZE (docs/limits.md).
constexpr ULONG data_format_limit = 4096;

// Takes a request apart and checks it against the filter's pins (PI-004..PI-006). On success `*format` is in
// pool, to be given to free_pin_format(). Errors: STATUS_OBJECT_NAME_NOT_FOUND for another name than a pin's,
// STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_PARAMETER, STATUS_INVALID_DEVICE_REQUEST, STATUS_NO_MATCH.
NTSTATUS parse_pin_connect(PIRP irp, const PCFILTER_DESCRIPTOR& filter, KSPIN_CONNECT& connect,
                           PKSDATAFORMAT* format);
// A copy of a format in pool; null when that is exhausted.
PKSDATAFORMAT copy_pin_format(const void* format, ULONG size);
void free_pin_format(PKSDATAFORMAT format);

const PCPIN_DESCRIPTOR& pin_at(const PCFILTER_DESCRIPTOR& filter, ULONG pin);

// Does `format` lie in one of the pin's data ranges? Wildcards as PI-004 says.
bool format_matches(const PCPIN_DESCRIPTOR& pin, const KSDATAFORMAT& format);

}  // namespace portico::ks
