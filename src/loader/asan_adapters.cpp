#include "loader/asan_adapters.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef PORTICO_ASAN

#include "nt/hal/mapped_register.h"

#define ADAPTER __attribute__((ms_abi, no_sanitize("address", "undefined")))

// Lists, several names a line. First the checks of one access, of 1 to 16 bytes.
// clang-format off
#define ACCESSES(X)                                                                                          \
    X(__asan_load1) X(__asan_load2) X(__asan_load4) X(__asan_load8) X(__asan_load16)                         \
    X(__asan_store1) X(__asan_store2) X(__asan_store4) X(__asan_store8) X(__asan_store16)

// Of an address and a size.
#define RANGES(X)                                                                                            \
    X(__asan_loadN) X(__asan_storeN) X(__asan_poison_stack_memory) X(__asan_unpoison_stack_memory)           \
    X(__asan_alloca_poison) X(__asan_allocas_unpoison) X(__asan_set_shadow_00) X(__asan_set_shadow_f1)       \
    X(__asan_set_shadow_f2) X(__asan_set_shadow_f3) X(__asan_set_shadow_f5) X(__asan_set_shadow_f8)
// clang-format on

extern "C" {
#define X(NAME)                                             \
    void NAME(std::uintptr_t);                              \
    static ADAPTER void nt_##NAME(std::uintptr_t address) { \
        NAME(address);                                      \
    }
ACCESSES(X)
#undef X
#define X(NAME)                                                                  \
    void NAME(std::uintptr_t, std::uintptr_t);                                   \
    static ADAPTER void nt_##NAME(std::uintptr_t address, std::uintptr_t size) { \
        NAME(address, size);                                                     \
    }
RANGES(X)
#undef X
void __asan_init();
static ADAPTER void nt___asan_init() {
    __asan_init();
}
void __asan_handle_no_return();
static ADAPTER void nt___asan_handle_no_return() {
    __asan_handle_no_return();
}
void* __asan_memmove(void*, const void*, std::size_t);
static ADAPTER void* nt___asan_memmove(void* to, const void* from, std::size_t size) {
    if (portico::nt::hal::move_registers(to, from, size)) return to;
    return __asan_memmove(to, from, size);
}
// Windows' kernel has one routine for both, and drivers rely on it: ranges that overlap are no error.
static ADAPTER void* nt___asan_memcpy(void* to, const void* from, std::size_t size) {
    return nt___asan_memmove(to, from, size);
}
void* __asan_memset(void*, int, std::size_t);
static ADAPTER void* nt___asan_memset(void* to, int value, std::size_t size) {
    if (portico::nt::hal::fill_registers(to, static_cast<std::uint8_t>(value), size)) return to;
    return __asan_memset(to, value, size);
}
}

namespace portico::loader {

const void* find_asan_adapter(const char* name) {
    struct Adapter {
        const char* name;
        const void* address;
    };
#define X(NAME) {#NAME, reinterpret_cast<const void*>(&nt_##NAME)},
    static const Adapter adapters[] = {ACCESSES(X) RANGES(X) X(__asan_init) X(__asan_handle_no_return)
                                           X(__asan_memcpy) X(__asan_memmove) X(__asan_memset)};
#undef X
    for (const auto& adapter : adapters) {
        if (std::strcmp(adapter.name, name) == 0) return adapter.address;
    }
    return nullptr;
}

}  // namespace portico::loader

#else

namespace portico::loader {
const void* find_asan_adapter(const char*) {
    return nullptr;
}
}  // namespace portico::loader

#endif
