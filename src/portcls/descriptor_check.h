// What IPort::Init asks of the descriptor that a miniport gives (FD-002..FD-041). The port uses it for as
// long as the miniport is bound (IM-012).
#pragma once

#include "portcls.h"

namespace portico::portcls {

// False: its arrays, tables and ranges cannot be walked. What is wrong is told, also where the descriptor can
// be used all the same.
bool check_filter_descriptor(const PCFILTER_DESCRIPTOR& filter);

}  // namespace portico::portcls
