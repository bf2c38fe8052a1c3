// Memory functions of the C run time, as drivers import them. Blocks of a MIDI message's size take no call
// into the host: leaving Microsoft's calling convention costs more than they do.
#include <cstdint>

#include "nt/ddi.h"
#include "nt/hal/mapped_register.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#endif

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::crt {
namespace {

constexpr SIZE_T small = 32;

#ifdef PORTICO_ASAN
// ASan's own functions tell what is wrong; a fault in them would be theirs, not the driver's exception.
bool library_does(const void* block, SIZE_T size) {
    return __asan_region_is_poisoned(const_cast<void*>(block), size) != nullptr;
}
#else
bool library_does(const void*, SIZE_T) {
    return true;
}
#endif

__attribute__((noinline)) void* NTAPI move_large(void* to, const void* from, SIZE_T size) {
    if (library_does(to, size) || library_does(from, size)) return __builtin_memmove(to, from, size);
    const auto distance = static_cast<const char*>(to) - static_cast<const char*>(from);
    char* target = static_cast<char*>(to);
    const char* source = static_cast<const char*>(from);
    if (distance <= 0 || static_cast<SIZE_T>(distance) >= size) {
        asm volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size)::"memory");
    } else {
        target += size - 1;
        source += size - 1;
        asm volatile("std\n rep movsb\n cld" : "+D"(target), "+S"(source), "+c"(size)::"memory");
    }
    return to;
}

__attribute__((noinline)) void* NTAPI fill_large(void* to, int value, SIZE_T size) {
    if (library_does(to, size)) return __builtin_memset(to, value, size);
    void* target = to;
    asm volatile("rep stosb" : "+D"(target), "+c"(size) : "a"(value) : "memory");
    return to;
}

// Up to twice the size of Word: the first and the last word, read before either is written.
template <class Word>
void move_words(void* to, const void* from, SIZE_T size) {
    Word first;
    Word last;
    const auto tail = size - sizeof(Word);
    __builtin_memcpy(&first, from, sizeof first);
    __builtin_memcpy(&last, static_cast<const char*>(from) + tail, sizeof last);
    __builtin_memcpy(to, &first, sizeof first);
    __builtin_memcpy(static_cast<char*>(to) + tail, &last, sizeof last);
}

template <class Word>
void fill_words(void* to, Word pattern, SIZE_T size) {
    __builtin_memcpy(to, &pattern, sizeof pattern);
    __builtin_memcpy(static_cast<char*>(to) + size - sizeof pattern, &pattern, sizeof pattern);
}

struct Pair {
    std::uint64_t low;
    std::uint64_t high;
};

}  // namespace

void* NTAPI memmove(void* to, const void* from, SIZE_T size) {
    if (hal::move_registers(to, from, size)) return to;
    if (size > small) return move_large(to, from, size);
    if (size >= 16)
        move_words<Pair>(to, from, size);
    else if (size >= 8)
        move_words<std::uint64_t>(to, from, size);
    else if (size >= 4)
        move_words<std::uint32_t>(to, from, size);
    else if (size >= 2)
        move_words<std::uint16_t>(to, from, size);
    else if (size == 1)
        *static_cast<char*>(to) = *static_cast<const char*>(from);
    return to;
}

// FLD-054: drivers copy overlapping blocks with memcpy, which Windows' own bears.
void* NTAPI memcpy(void* to, const void* from, SIZE_T size) {
    return memmove(to, from, size);
}

void* NTAPI memset(void* to, int value, SIZE_T size) {
    if (hal::fill_registers(to, static_cast<std::uint8_t>(value), size)) return to;
    if (size > small) return fill_large(to, value, size);
    const std::uint64_t pattern = static_cast<std::uint8_t>(value) * 0x0101010101010101ull;
    if (size >= 16)
        fill_words(to, Pair{pattern, pattern}, size);
    else if (size >= 8)
        fill_words(to, pattern, size);
    else if (size >= 4)
        fill_words(to, static_cast<std::uint32_t>(pattern), size);
    else if (size >= 2)
        fill_words(to, static_cast<std::uint16_t>(pattern), size);
    else if (size == 1)
        *static_cast<char*>(to) = static_cast<char>(value);
    return to;
}

int NTAPI memcmp(const void* a, const void* b, SIZE_T size) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (SIZE_T i = 0; i < size; ++i) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

void* NTAPI memchr(const void* block, int value, SIZE_T size) {
    const auto* bytes = static_cast<const unsigned char*>(block);
    for (SIZE_T i = 0; i < size; ++i) {
        if (bytes[i] == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(bytes + i);
    }
    return nullptr;
}

void* NTAPI memccpy(void* to, const void* from, int value, SIZE_T size) {
    auto* target = static_cast<unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    for (SIZE_T i = 0; i < size; ++i) {
        target[i] = source[i];
        if (source[i] == static_cast<unsigned char>(value)) return target + i + 1;
    }
    return nullptr;
}

int NTAPI memicmp(const void* a, const void* b, SIZE_T size) {
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : +c; };
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (SIZE_T i = 0; i < size; ++i) {
        const int difference = lower(left[i]) - lower(right[i]);
        if (difference != 0) return difference;
    }
    return 0;
}

EXPORT(memcpy, memcpy);
EXPORT(memmove, memmove);
EXPORT(memset, memset);
EXPORT(memcmp, memcmp);
EXPORT(memchr, memchr);
EXPORT(_memccpy, memccpy);
EXPORT(_memicmp, memicmp);

}  // namespace portico::nt::rtl::crt
