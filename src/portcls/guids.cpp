// The GUIDs of PortCls and DirectMusic as data: the headers only declare them elsewhere.
#include <initguid.h>

#include "portcls.h"
#include "dmusicks.h"
