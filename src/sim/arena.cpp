#include "sim/arena.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "sim/paging.h"

namespace portico::sim {
namespace {

[[noreturn]] void give_up(AddressRange range, const char* what, const char* why) {
    std::fprintf(
        stderr,
        "portico: cannot reserve %s at 0x%llx: %s; another mapping is there or the address space is limited "
        "(see ulimit -v and ulimit -f)\n",
        what, static_cast<unsigned long long>(range.base), why);
    std::exit(3);
}

void map(AddressRange range, const char* what, int flags, int file) {
    void* const wanted = reinterpret_cast<void*>(range.base);
    void* const got = ::mmap(wanted, range.size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, file, 0);
    if (got != wanted) give_up(range, what, got == MAP_FAILED ? std::strerror(errno) : "in use");
}

void reserve(AddressRange range, const char* what) {
    map(range, what, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
}

// User memory is mapped twice: for the client at its own addresses, for the system at others.
int user_file = -1;

// The limit for files on disks (ulimit -f) counts for files in memory, too: it is lifted as far as it can be.
int resize(int file, std::uint64_t size) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit lifted{before.rlim_max, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &lifted);
    const int result = ::ftruncate(file, static_cast<off_t>(size));
    const int error = errno;
    ::setrlimit(RLIMIT_FSIZE, &before);
    errno = error;
    return result;
}

int make_user_file() {
    const int file = make_memory_file("portico-user-memory", user_range.size);
    if (file < 0) give_up(user_range, "user memory", std::strerror(errno));
    return file;
}

void map_user_memory(int placement) {
    map(user_range, "user memory", MAP_SHARED | placement, user_file);
    map(user_system_range, "the system's view of user memory", MAP_SHARED | placement, user_file);
}

void copy_used_parts(int from, int to) {
    char buffer[1 << 16];
    for (off_t at = ::lseek(from, 0, SEEK_DATA); at >= 0; at = ::lseek(from, at, SEEK_DATA)) {
        const ssize_t got = ::pread(from, buffer, sizeof buffer, at);
        if (got <= 0) return;
        PORTICO_CHECK(::pwrite(to, buffer, static_cast<std::size_t>(got), at) == got);
        at += got;
    }
}

// A forked process must not share user memory with its parent: the rest of the arena is its own, too.
void own_user_memory() {
    const int parents = user_file;
    user_file = make_user_file();
    copy_used_parts(parents, user_file);
    map_user_memory(MAP_FIXED);
    ::close(parents);
}

}  // namespace

void reserve_arena() {
    static const bool reserved = [] {
        user_file = make_user_file();
        map_user_memory(MAP_FIXED_NOREPLACE);
        reserve(nonpaged_range, "non-paged pool");
        reserve(paged_range, "paged pool");
        reserve(stack_range, "kernel stacks");
        reserve(physical_range, "physical memory");
        paging.add(paged_range, PROT_READ | PROT_WRITE);
        PORTICO_CHECK(::pthread_atfork(nullptr, nullptr, own_user_memory) == 0);
        return true;
    }();
    (void)reserved;
}

int make_memory_file(const char* name, std::uint64_t size) {
    const int file = ::memfd_create(name, MFD_CLOEXEC);
    if (file < 0 || resize(file, size) == 0) return file;
    const int error = errno;
    ::close(file);
    errno = error;
    return -1;
}

void discard(AddressRange range) {
    // Pages of the shared file come back with their old content unless they are taken out of the file.
    const int advice = user_range.contains(range.base) ? MADV_REMOVE : MADV_DONTNEED;
    PORTICO_CHECK(::madvise(reinterpret_cast<void*>(range.base), range.size, advice) == 0);
}

}  // namespace portico::sim
