#pragma once

#include <cstdint>
#include <cstring>

// The vtable slot behind a pointer to a virtual member. Itanium C++ ABI 2.3: it holds 1 + the offset in the
// vtable.
template <class Member>
int slot_of(Member member) {
    std::intptr_t parts[2];
    static_assert(sizeof(member) == sizeof(parts));
    std::memcpy(parts, &member, sizeof(parts));
    return static_cast<int>((parts[0] - 1) / 8);
}
