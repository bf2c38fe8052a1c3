#include "loader/init_code.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "loader/gdb_jit.h"
#include "nt/discarded_code.h"
#include "sim/arena.h"

namespace portico::loader {
namespace {

std::vector<InitCode*>& all() {
    static auto* const every = new std::vector<InitCode*>;
    return *every;
}

void* map_file(int file, void* wanted, std::size_t size, int access, int placement) {
    void* const got = ::mmap(wanted, size, access, MAP_SHARED | placement, file, 0);
    return got == MAP_FAILED ? nullptr : got;
}

}  // namespace

InitCode::InitCode(sim::AddressRange pages, std::vector<std::byte> code)
    : pages_(pages), code_(std::move(code)) {}

std::unique_ptr<InitCode> InitCode::take_over(sim::AddressRange pages) {
    static const bool forks_own = [] {
        return ::pthread_atfork(nullptr, nullptr, &InitCode::own_all) == 0 && !is_debugged();
    }();
    if (!forks_own) return nullptr;
    const auto* const begin = reinterpret_cast<const std::byte*>(pages.base);
    std::unique_ptr<InitCode> made(new InitCode(pages, {begin, begin + pages.size}));
    if (!made->map(0)) return nullptr;
    all().push_back(made.get());
    return made;
}

InitCode::~InitCode() {
    std::erase(all(), this);
    if (writable_ != nullptr) ::munmap(writable_, pages_.size);
}

// The code's own place changes hands last, so that nothing is lost where something is refused.
bool InitCode::map(int placement) {
    const int file = sim::make_memory_file("portico-init-code", pages_.size);
    if (file < 0) return false;
    void* const writable = map_file(file, writable_, pages_.size, PROT_READ | PROT_WRITE, placement);
    void* code = nullptr;
    if (writable != nullptr) {
        writable_ = static_cast<std::byte*>(writable);
        if (gone_)
            std::memset(writable_, nt::halt, pages_.size);
        else
            std::memcpy(writable_, code_.data(), code_.size());
        code = map_file(file, reinterpret_cast<void*>(pages_.base), pages_.size, PROT_READ | PROT_EXEC,
                        MAP_FIXED);
    }
    ::close(file);
    return code != nullptr;
}

// A forked process would share the memory with its parent.
void InitCode::own_all() {
    for (InitCode* const each : all()) PORTICO_CHECK(each->map(MAP_FIXED));
}

void InitCode::discard() {
    std::memset(writable_, nt::halt, pages_.size);
    gone_ = true;
}

void InitCode::restore() {
    std::memcpy(writable_, code_.data(), code_.size());
    gone_ = false;
}

}  // namespace portico::loader
