// String functions of the C run time, narrow and wide from one text each. Letters are those of the "C"
// locale. The secure forms answer errors by value and empty the target: the kernel has no invalid-parameter
// handler.
#include <cstdint>

#include "nt/ddi.h"
#include "nt/rtl/rtl.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::crt {
namespace {

constexpr int error_invalid = 22;    // EINVAL
constexpr int error_range = 34;      // ERANGE
constexpr int error_truncated = 80;  // STRUNCATE

template <class C>
auto unsigned_of(C c) {
    if constexpr (sizeof(C) == 1)
        return static_cast<unsigned char>(c);
    else
        return static_cast<std::uint16_t>(c);
}
template <class C>
int lower(C c) {
    const int value = unsigned_of(c);
    return value >= 'A' && value <= 'Z' ? value + ('a' - 'A') : value;
}
template <class C>
int upper(C c) {
    const int value = unsigned_of(c);
    return value >= 'a' && value <= 'z' ? value - ('a' - 'A') : value;
}
template <class C>
SIZE_T length(const C* text) {
    SIZE_T n = 0;
    while (text[n] != 0) ++n;
    return n;
}
template <class C>
SIZE_T length_max(const C* text, SIZE_T max) {
    SIZE_T n = 0;
    while (n < max && text[n] != 0) ++n;
    return n;
}
template <class C>
C* copy(C* to, const C* from) {
    SIZE_T i = 0;
    do to[i] = from[i];
    while (from[i++] != 0);
    return to;
}
// Pads with zeroes; leaves the end off when the source is as long as `count` or longer.
template <class C>
C* copy_count(C* to, const C* from, SIZE_T count) {
    SIZE_T i = 0;
    for (; i < count && from[i] != 0; ++i) to[i] = from[i];
    for (; i < count; ++i) to[i] = 0;
    return to;
}
template <class C>
C* append(C* to, const C* from) {
    copy(to + length(to), from);
    return to;
}
template <class C>
C* append_count(C* to, const C* from, SIZE_T count) {
    C* const end = to + length(to);
    SIZE_T i = 0;
    for (; i < count && from[i] != 0; ++i) end[i] = from[i];
    end[i] = 0;
    return to;
}
template <class C>
int compare(const C* a, const C* b, SIZE_T count) {
    for (SIZE_T i = 0; i < count; ++i) {
        const auto left = unsigned_of(a[i]);
        const auto right = unsigned_of(b[i]);
        if (left != right) return left < right ? -1 : 1;
        if (left == 0) break;
    }
    return 0;
}
template <class C>
int compare_letters(const C* a, const C* b, SIZE_T count) {
    for (SIZE_T i = 0; i < count; ++i) {
        const int difference = lower(a[i]) - lower(b[i]);
        if (difference != 0 || a[i] == 0) return difference;
    }
    return 0;
}
template <class C>
C* find(const C* text, C wanted) {
    for (;; ++text) {
        if (*text == wanted) return const_cast<C*>(text);
        if (*text == 0) return nullptr;
    }
}
template <class C>
C* find_last(const C* text, C wanted) {
    const C* found = nullptr;
    for (;; ++text) {
        if (*text == wanted) found = text;
        if (*text == 0) return const_cast<C*>(found);
    }
}
template <class C>
bool starts_with(const C* text, const C* start) {
    while (*start != 0) {
        if (*text++ != *start++) return false;
    }
    return true;
}
template <class C>
C* find_text(const C* text, const C* wanted) {
    for (;; ++text) {
        if (starts_with(text, wanted)) return const_cast<C*>(text);
        if (*text == 0) return nullptr;
    }
}
template <class C>
bool one_of(C c, const C* set) {
    for (; *set != 0; ++set) {
        if (*set == c) return true;
    }
    return false;
}
template <class C>
SIZE_T span(const C* text, const C* set, bool inside) {
    SIZE_T n = 0;
    while (text[n] != 0 && one_of(text[n], set) == inside) ++n;
    return n;
}
template <class C>
C* find_any(const C* text, const C* set) {
    text += span(text, set, false);
    return *text == 0 ? nullptr : const_cast<C*>(text);
}
template <class C>
C* next_token(C* text, const C* delimiters, C** context) {
    if (context == nullptr || delimiters == nullptr || (text == nullptr && *context == nullptr))
        return nullptr;
    C* begin = text != nullptr ? text : *context;
    begin += span(begin, delimiters, true);
    C* end = begin + span(begin, delimiters, false);
    *context = end;
    if (end == begin) return nullptr;
    if (*end != 0) {
        *end = 0;
        *context = end + 1;
    }
    return begin;
}
template <class C>
C* change(C* text, SIZE_T count, int (*with)(C)) {
    for (SIZE_T i = 0; i < count && text[i] != 0; ++i) text[i] = static_cast<C>(with(text[i]));
    return text;
}
template <class C>
C* fill(C* text, C value, SIZE_T count) {
    for (SIZE_T i = 0; i < count && text[i] != 0; ++i) text[i] = value;
    return text;
}
template <class C>
C* reverse(C* text) {
    SIZE_T n = length(text);
    for (SIZE_T i = 0; i < n / 2; ++i) {
        const C c = text[i];
        text[i] = text[n - 1 - i];
        text[n - 1 - i] = c;
    }
    return text;
}

// Writes `count` characters of `from`, at most, at `at` and ends the text. On lack of room the target is
// emptied, or cut where the caller said _TRUNCATE.
template <class C>
int put_secure(C* to, SIZE_T size, SIZE_T at, const C* from, SIZE_T count) {
    const SIZE_T room = size - at - 1;
    const SIZE_T wanted = length_max(from, count == truncate ? room + 1 : count);
    if (wanted > room && count != truncate) {
        to[0] = 0;
        return error_range;
    }
    const SIZE_T taken = wanted < room ? wanted : room;
    for (SIZE_T i = 0; i < taken; ++i) to[at + i] = from[i];
    to[at + taken] = 0;
    return wanted > room ? error_truncated : 0;
}
template <class C>
int copy_secure(C* to, SIZE_T size, const C* from, SIZE_T count) {
    if (to == nullptr || size == 0) return error_invalid;
    if (from == nullptr && count != 0) {
        to[0] = 0;
        return error_invalid;
    }
    return put_secure(to, size, 0, from, count);
}
template <class C>
int append_secure(C* to, SIZE_T size, const C* from, SIZE_T count) {
    if (to == nullptr || size == 0) return error_invalid;
    const SIZE_T at = length_max(to, size);
    if (at == size || (from == nullptr && count != 0)) {
        to[0] = 0;
        return error_invalid;
    }
    return put_secure(to, size, at, from, count);
}

constexpr SIZE_T all = ~SIZE_T{0} - 1;  // more than any string has, and not _TRUNCATE

}  // namespace

// Narrow and wide: TYPE, the type of a single character argument, and the names' beginnings.
#define STRING_FUNCTIONS(TYPE, CHARACTER, P)                                 \
    SIZE_T NTAPI P##len(const TYPE* text) {                                  \
        return length(text);                                                 \
    }                                                                        \
    SIZE_T NTAPI P##nlen(const TYPE* text, SIZE_T max) {                     \
        return length_max(text, max);                                        \
    }                                                                        \
    TYPE* NTAPI P##cpy(TYPE* to, const TYPE* from) {                         \
        return copy(to, from);                                               \
    }                                                                        \
    TYPE* NTAPI P##ncpy(TYPE* to, const TYPE* from, SIZE_T count) {          \
        return copy_count(to, from, count);                                  \
    }                                                                        \
    TYPE* NTAPI P##cat(TYPE* to, const TYPE* from) {                         \
        return append(to, from);                                             \
    }                                                                        \
    TYPE* NTAPI P##ncat(TYPE* to, const TYPE* from, SIZE_T count) {          \
        return append_count(to, from, count);                                \
    }                                                                        \
    int NTAPI P##cmp(const TYPE* a, const TYPE* b) {                         \
        return compare(a, b, all);                                           \
    }                                                                        \
    int NTAPI P##ncmp(const TYPE* a, const TYPE* b, SIZE_T count) {          \
        return compare(a, b, count);                                         \
    }                                                                        \
    int NTAPI P##icmp(const TYPE* a, const TYPE* b) {                        \
        return compare_letters(a, b, all);                                   \
    }                                                                        \
    int NTAPI P##nicmp(const TYPE* a, const TYPE* b, SIZE_T count) {         \
        return compare_letters(a, b, count);                                 \
    }                                                                        \
    TYPE* NTAPI P##chr(const TYPE* text, CHARACTER c) {                      \
        return find(text, static_cast<TYPE>(c));                             \
    }                                                                        \
    TYPE* NTAPI P##rchr(const TYPE* text, CHARACTER c) {                     \
        return find_last(text, static_cast<TYPE>(c));                        \
    }                                                                        \
    TYPE* NTAPI P##str(const TYPE* text, const TYPE* wanted) {               \
        return find_text(text, wanted);                                      \
    }                                                                        \
    SIZE_T NTAPI P##spn(const TYPE* text, const TYPE* set) {                 \
        return span(text, set, true);                                        \
    }                                                                        \
    SIZE_T NTAPI P##cspn(const TYPE* text, const TYPE* set) {                \
        return span(text, set, false);                                       \
    }                                                                        \
    TYPE* NTAPI P##pbrk(const TYPE* text, const TYPE* set) {                 \
        return find_any(text, set);                                          \
    }                                                                        \
    TYPE* NTAPI P##tok_s(TYPE* text, const TYPE* set, TYPE** context) {      \
        return next_token(text, set, context);                               \
    }                                                                        \
    TYPE* NTAPI P##lwr(TYPE* text) {                                         \
        return change(text, all, &lower<TYPE>);                              \
    }                                                                        \
    TYPE* NTAPI P##upr(TYPE* text) {                                         \
        return change(text, all, &upper<TYPE>);                              \
    }                                                                        \
    TYPE* NTAPI P##set(TYPE* text, CHARACTER c) {                            \
        return fill(text, static_cast<TYPE>(c), all);                        \
    }                                                                        \
    TYPE* NTAPI P##nset(TYPE* text, CHARACTER c, SIZE_T count) {             \
        return fill(text, static_cast<TYPE>(c), count);                      \
    }                                                                        \
    TYPE* NTAPI P##rev(TYPE* text) {                                         \
        return reverse(text);                                                \
    }                                                                        \
    int NTAPI P##cpy_s(TYPE* to, SIZE_T size, const TYPE* from) {            \
        return copy_secure(to, size, from, all);                             \
    }                                                                        \
    int NTAPI P##ncpy_s(TYPE* to, SIZE_T size, const TYPE* from, SIZE_T n) { \
        return copy_secure(to, size, from, n);                               \
    }                                                                        \
    int NTAPI P##cat_s(TYPE* to, SIZE_T size, const TYPE* from) {            \
        return append_secure(to, size, from, all);                           \
    }                                                                        \
    int NTAPI P##ncat_s(TYPE* to, SIZE_T size, const TYPE* from, SIZE_T n) { \
        return append_secure(to, size, from, n);                             \
    }

STRING_FUNCTIONS(char, int, str)
STRING_FUNCTIONS(WCHAR, WCHAR, wcs)

int NTAPI memcpy_s(void* to, SIZE_T size, const void* from, SIZE_T count) {
    if (count == 0) return 0;
    if (to == nullptr) return error_invalid;
    if (from != nullptr && count <= size) {
        __builtin_memmove(to, from, count);
        return 0;
    }
    __builtin_memset(to, 0, size);
    return from == nullptr ? error_invalid : error_range;
}

#define STRING_EXPORTS(P)          \
    EXPORT(P##len, P##len);        \
    EXPORT(P##nlen, P##nlen);      \
    EXPORT(P##cpy, P##cpy);        \
    EXPORT(P##ncpy, P##ncpy);      \
    EXPORT(P##cat, P##cat);        \
    EXPORT(P##ncat, P##ncat);      \
    EXPORT(P##cmp, P##cmp);        \
    EXPORT(P##ncmp, P##ncmp);      \
    EXPORT(_##P##icmp, P##icmp);   \
    EXPORT(_##P##nicmp, P##nicmp); \
    EXPORT(P##icmp, P##icmp);      \
    EXPORT(P##nicmp, P##nicmp);    \
    EXPORT(P##chr, P##chr);        \
    EXPORT(P##rchr, P##rchr);      \
    EXPORT(P##str, P##str);        \
    EXPORT(P##spn, P##spn);        \
    EXPORT(P##cspn, P##cspn);      \
    EXPORT(P##pbrk, P##pbrk);      \
    EXPORT(P##tok_s, P##tok_s);    \
    EXPORT(_##P##lwr, P##lwr);     \
    EXPORT(_##P##upr, P##upr);     \
    EXPORT(_##P##set, P##set);     \
    EXPORT(_##P##nset, P##nset);   \
    EXPORT(_##P##rev, P##rev);     \
    EXPORT(P##cpy_s, P##cpy_s);    \
    EXPORT(P##ncpy_s, P##ncpy_s);  \
    EXPORT(P##cat_s, P##cat_s);    \
    EXPORT(P##ncat_s, P##ncat_s)

STRING_EXPORTS(str);
STRING_EXPORTS(wcs);
EXPORT(memcpy_s, memcpy_s);
EXPORT(memmove_s, memcpy_s);

}  // namespace portico::nt::rtl::crt
