// Pool for C++ objects, zero-filled.
#include "pcimidi.h"
#include "newdelete.tmh"

_Use_decl_annotations_ void* __cdecl operator new(size_t Size, POOL_FLAGS Flags, ULONG Tag) noexcept {
    return ExAllocatePool2(Flags, Size, Tag);
}

_Use_decl_annotations_ void __cdecl operator delete(void* Block) noexcept {
    if (Block != nullptr) ExFreePoolWithTag(Block, PCIMIDI_POOL_TAG);
}

_Use_decl_annotations_ void __cdecl operator delete(void* Block, size_t) noexcept {
    if (Block != nullptr) ExFreePoolWithTag(Block, PCIMIDI_POOL_TAG);
}
