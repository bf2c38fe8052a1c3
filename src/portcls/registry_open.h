// Where the keys are that PcNewRegistryKey and IPort::NewRegistryKey open (FN-102, IP-042..IP-048).
#pragma once

#include "portcls/registry_key.h"

namespace portico::portcls {

// A kernel handle. General keys are opened or made, the others were made by PnP or are not there.
NTSTATUS open_key(const KeyRequest& request, PHANDLE key);

}  // namespace portico::portcls
