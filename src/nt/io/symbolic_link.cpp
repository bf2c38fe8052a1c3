#include "nt/ddi.h"
#include "nt/ob/ob.h"

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
    DDI(IoCreateSymbolicLink, PASSIVE_LEVEL);
    return ob::create_symbolic_link(*SymbolicLinkName, *DeviceName, __builtin_frame_address(0));
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
    DDI(IoCreateUnprotectedSymbolicLink, PASSIVE_LEVEL);
    return ob::create_symbolic_link(*SymbolicLinkName, *DeviceName, __builtin_frame_address(0));
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName) {
    DDI(IoDeleteSymbolicLink, PASSIVE_LEVEL);
    return ob::delete_symbolic_link(*SymbolicLinkName);
}

}  // extern "C"
