#include "sim/arena.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace portico::sim {
namespace {

void reserve(AddressRange range, const char* what) {
    void* const wanted = reinterpret_cast<void*>(range.base);
    void* const got = ::mmap(wanted, range.size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == wanted) return;
    std::fprintf(stderr,
                 "portico: cannot reserve %s at %p: %s; another mapping is there or the address space is limited "
                 "(see ulimit -v)\n",
                 what, wanted, got == MAP_FAILED ? std::strerror(errno) : "in use");
    std::exit(3);
}

}  // namespace

void reserve_arena() {
    static const bool reserved = [] {
        reserve(user_range, "user memory");
        reserve(nonpaged_range, "non-paged pool");
        reserve(paged_range, "paged pool");
        reserve(stack_range, "kernel stacks");
        reserve(physical_range, "physical memory");
        return true;
    }();
    (void)reserved;
}

void discard(AddressRange range) {
    PORTICO_CHECK(::madvise(reinterpret_cast<void*>(range.base), range.size, MADV_DONTNEED) == 0);
}

}  // namespace portico::sim
