// IoAllocateMdl and its kin: memory descriptor lists that may hang on an IRP.
#include "nt/mm/mdl.h"

#include "nt/ddi.h"

using namespace portico::nt;

extern "C" {

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN, PIRP Irp) {
    DDI(IoAllocateMdl, DISPATCH_LEVEL);
    PMDL const mdl = mm::allocate_mdl(VirtualAddress, Length, __builtin_frame_address(0));
    if (mdl == nullptr || Irp == nullptr) return mdl;
    if (SecondaryBuffer == FALSE || Irp->MdlAddress == nullptr) {
        Irp->MdlAddress = mdl;
        return mdl;
    }
    PMDL last = Irp->MdlAddress;
    while (last->Next != nullptr) last = last->Next;
    last->Next = mdl;
    return mdl;
}

VOID NTAPI IoFreeMdl(PMDL Mdl) {
    DDI(IoFreeMdl, DISPATCH_LEVEL);
    mm::free_mdl(Mdl);
}

VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length) {
    DDI(IoBuildPartialMdl, DISPATCH_LEVEL);
    mm::build_partial(SourceMdl, TargetMdl, VirtualAddress, Length);
}

}  // extern "C"
