// Conversions, sorting, characters and random numbers of the C run time, as drivers import them. "C" locale.
#include <cstdint>

#include "nt/ddi.h"
#include "nt/rtl/code_page.h"
#include "nt/rtl/rtl.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::crt {
namespace {

constexpr LONG rand_seed = 1;
std::uint32_t random_state = rand_seed;

template <class C>
bool is_space(C c) {
    return c == ' ' || (c >= 9 && c <= 13);
}

struct Number {
    std::uint64_t magnitude = 0;
    bool negative = false;
    bool too_large = false;  // than 64 bits hold
};

// strtol's grammar: blanks, a sign, for base 16 and 0 a prefix, digits. `end` stays at `text` when there is
// no digit.
template <class C>
Number read_number(const C* text, int base, const C** end) {
    Number number;
    const C* at = text;
    while (is_space(*at)) ++at;
    if (*at == '-' || *at == '+') number.negative = *at++ == '-';
    const bool hexadecimal = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_of(at[2]) < 16;
    if (base == 0) base = hexadecimal ? 16 : *at == '0' ? 8 : 10;
    if (base == 16 && hexadecimal) at += 2;
    const C* const digits = at;
    for (; digit_of(*at) < static_cast<unsigned>(base); ++at) {
        const auto b = static_cast<std::uint64_t>(base);
        if (__builtin_mul_overflow(number.magnitude, b, &number.magnitude) ||
            __builtin_add_overflow(number.magnitude, std::uint64_t{digit_of(*at)}, &number.magnitude)) {
            number.too_large = true;
        }
    }
    if (end != nullptr) *end = at == digits ? text : at;
    return number;
}

// Signed conversions stop at the ends of their range.
template <class T>
T clamp_signed(const Number& number) {
    using U = std::make_unsigned_t<T>;
    const std::uint64_t most =
        static_cast<std::uint64_t>(static_cast<U>(~U{0}) >> 1) + (number.negative ? 1 : 0);
    const std::uint64_t value = number.too_large || number.magnitude > most ? most : number.magnitude;
    return static_cast<T>(number.negative ? 0 - value : value);
}
template <class T>
T clamp_unsigned(const Number& number) {
    if (number.too_large || number.magnitude > static_cast<T>(~T{0})) return static_cast<T>(~T{0});
    const auto value = static_cast<T>(number.magnitude);
    return number.negative ? static_cast<T>(0 - value) : value;
}
// atoi and its kind keep the low bits.
template <class T, class C>
T wrap(const C* text) {
    const Number number = read_number<C>(text, 10, nullptr);
    return static_cast<T>(number.negative ? 0 - number.magnitude : number.magnitude);
}

// The digits of `value`, with '-' for a negative number in base 10 only. `size` in characters with the end;
// 22 on no room.
template <class C>
int write_number(std::uint64_t value, bool negative, unsigned base, C* to, SIZE_T size) {
    if (to == nullptr || size == 0) return 22;
    to[0] = 0;
    if (base < 2 || base > 36) return 22;
    C digits[66];
    SIZE_T count = 0;
    do digits[count++] = static_cast<C>("0123456789abcdefghijklmnopqrstuvwxyz"[value % base]);
    while ((value /= base) != 0);
    if (negative) digits[count++] = '-';
    if (count >= size) return 34;
    for (SIZE_T i = 0; i < count; ++i) to[i] = digits[count - 1 - i];
    to[count] = 0;
    return 0;
}
template <class T, class C>
int write_signed(T value, C* to, SIZE_T size, int base) {
    const bool negative = base == 10 && value < 0;
    using U = std::make_unsigned_t<T>;
    const auto magnitude = static_cast<U>(negative ? U{0} - static_cast<U>(value) : static_cast<U>(value));
    return write_number(magnitude, negative, static_cast<unsigned>(base), to, size);
}

using Compare = int(NTAPI*)(const void*, const void*);

void exchange(char* a, char* b, SIZE_T width) {
    for (SIZE_T i = 0; i < width; ++i) {
        const char c = a[i];
        a[i] = b[i];
        b[i] = c;
    }
}

// Heap sort: in place, without recursion, the same order of calls for the same input.
void sift(char* base, SIZE_T root, SIZE_T count, SIZE_T width, Compare compare) {
    for (;;) {
        SIZE_T child = 2 * root + 1;
        if (child >= count) return;
        if (child + 1 < count && compare(base + child * width, base + (child + 1) * width) < 0) ++child;
        if (compare(base + root * width, base + child * width) >= 0) return;
        exchange(base + root * width, base + child * width, width);
        root = child;
    }
}

constexpr unsigned wide_digit_max = 0x80;
bool in(int c, int first, int last) {
    return c >= first && c <= last;
}
int is_digit(int c) {
    return in(c, '0', '9');
}
int is_upper(int c) {
    return in(c, 'A', 'Z');
}
int is_lower(int c) {
    return in(c, 'a', 'z');
}
int is_alpha(int c) {
    return is_upper(c) || is_lower(c);
}
int is_alnum(int c) {
    return is_alpha(c) || is_digit(c);
}
int is_xdigit(int c) {
    return is_digit(c) || in(c, 'A', 'F') || in(c, 'a', 'f');
}
int is_blank_space(int c) {
    return is_space(c);
}
int is_print(int c) {
    return in(c, 32, 126);
}
int is_graph(int c) {
    return in(c, 33, 126);
}
int is_punct(int c) {
    return is_graph(c) && !is_alnum(c);
}
int is_cntrl(int c) {
    return in(c, 0, 31) || c == 127;
}

}  // namespace

void reset() {
    random_state = rand_seed;
}

// ---- text to numbers ----
int NTAPI atoi(const char* text) {
    return wrap<int>(text);
}
LONGLONG NTAPI atoi64(const char* text) {
    return wrap<LONGLONG>(text);
}
int NTAPI wtoi(const WCHAR* text) {
    return wrap<int>(text);
}
LONGLONG NTAPI wtoi64(const WCHAR* text) {
    return wrap<LONGLONG>(text);
}
LONG NTAPI strtol(const char* text, char** end, int base) {
    return clamp_signed<LONG>(read_number(text, base, const_cast<const char**>(end)));
}
ULONG NTAPI strtoul(const char* text, char** end, int base) {
    return clamp_unsigned<ULONG>(read_number(text, base, const_cast<const char**>(end)));
}
LONGLONG NTAPI strtoi64(const char* text, char** end, int base) {
    return clamp_signed<LONGLONG>(read_number(text, base, const_cast<const char**>(end)));
}
ULONGLONG NTAPI strtoui64(const char* text, char** end, int base) {
    return clamp_unsigned<ULONGLONG>(read_number(text, base, const_cast<const char**>(end)));
}
LONG NTAPI wcstol(const WCHAR* text, WCHAR** end, int base) {
    return clamp_signed<LONG>(read_number(text, base, const_cast<const WCHAR**>(end)));
}
ULONG NTAPI wcstoul(const WCHAR* text, WCHAR** end, int base) {
    return clamp_unsigned<ULONG>(read_number(text, base, const_cast<const WCHAR**>(end)));
}
LONGLONG NTAPI wcstoi64(const WCHAR* text, WCHAR** end, int base) {
    return clamp_signed<LONGLONG>(read_number(text, base, const_cast<const WCHAR**>(end)));
}
ULONGLONG NTAPI wcstoui64(const WCHAR* text, WCHAR** end, int base) {
    return clamp_unsigned<ULONGLONG>(read_number(text, base, const_cast<const WCHAR**>(end)));
}

// ---- numbers to text: the old form trusts the buffer ----
#define NUMBER_TO_TEXT(TYPE, C, NAME)                              \
    C* NTAPI NAME(TYPE value, C* to, int base) {                   \
        write_signed(value, to, 67, base);                         \
        return to;                                                 \
    }                                                              \
    int NTAPI NAME##_s(TYPE value, C* to, SIZE_T size, int base) { \
        return write_signed(value, to, size, base);                \
    }
#define UNSIGNED_TO_TEXT(TYPE, C, NAME)                                           \
    C* NTAPI NAME(TYPE value, C* to, int base) {                                  \
        write_number(value, false, static_cast<unsigned>(base), to, 67);          \
        return to;                                                                \
    }                                                                             \
    int NTAPI NAME##_s(TYPE value, C* to, SIZE_T size, int base) {                \
        return write_number(value, false, static_cast<unsigned>(base), to, size); \
    }
NUMBER_TO_TEXT(LONG, char, itoa)
NUMBER_TO_TEXT(LONG, WCHAR, itow)
NUMBER_TO_TEXT(LONGLONG, char, i64toa)
NUMBER_TO_TEXT(LONGLONG, WCHAR, i64tow)
UNSIGNED_TO_TEXT(ULONG, char, ultoa)
UNSIGNED_TO_TEXT(ULONG, WCHAR, ultow)
UNSIGNED_TO_TEXT(ULONGLONG, char, ui64toa)
UNSIGNED_TO_TEXT(ULONGLONG, WCHAR, ui64tow)

// ---- arithmetic, sorting, searching ----
int NTAPI abs(int value) {
    return value < 0 ? static_cast<int>(0u - static_cast<unsigned>(value)) : value;
}
LONGLONG NTAPI abs64(LONGLONG value) {
    return value < 0 ? static_cast<LONGLONG>(0 - static_cast<ULONGLONG>(value)) : value;
}

// The generator that every Microsoft C run time has, 0 to 32767.
int NTAPI rand() {
    random_state = random_state * 214013u + 2531011u;
    return static_cast<int>(random_state >> 16 & 0x7FFF);
}
void NTAPI srand(unsigned seed) {
    random_state = seed;
}

void NTAPI qsort(void* base, SIZE_T count, SIZE_T width, Compare compare) {
    auto* const items = static_cast<char*>(base);
    for (SIZE_T root = count / 2; root-- > 0;) sift(items, root, count, width, compare);
    for (SIZE_T end = count; end-- > 1;) {
        exchange(items, items + end * width, width);
        sift(items, 0, end, width, compare);
    }
}

void* NTAPI bsearch(const void* key, const void* base, SIZE_T count, SIZE_T width, Compare compare) {
    const auto* items = static_cast<const char*>(base);
    while (count > 0) {
        const auto* const middle = items + count / 2 * width;
        const int order = compare(key, middle);
        if (order == 0) return const_cast<char*>(middle);
        if (order > 0) {
            items = middle + width;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return nullptr;
}

// ---- characters ----
int NTAPI tolower(int c) {
    return is_upper(c) ? c + 32 : c;
}
int NTAPI toupper(int c) {
    return is_lower(c) ? c - 32 : c;
}
WCHAR NTAPI towlower(WCHAR c) {
    return downcase(c);
}
WCHAR NTAPI towupper(WCHAR c) {
    return upcase(c);
}

#define CHARACTER_CLASS(NAME, TEST)              \
    int NTAPI is##NAME(int c) {                  \
        return TEST(c);                          \
    }                                            \
    int NTAPI isw##NAME(WCHAR c) {               \
        return c < wide_digit_max ? TEST(c) : 0; \
    }                                            \
    EXPORT(is##NAME, is##NAME);                  \
    EXPORT(isw##NAME, isw##NAME)
CHARACTER_CLASS(digit, is_digit);
CHARACTER_CLASS(upper, is_upper);
CHARACTER_CLASS(lower, is_lower);
CHARACTER_CLASS(alpha, is_alpha);
CHARACTER_CLASS(alnum, is_alnum);
CHARACTER_CLASS(xdigit, is_xdigit);
CHARACTER_CLASS(space, is_blank_space);
CHARACTER_CLASS(print, is_print);
CHARACTER_CLASS(graph, is_graph);
CHARACTER_CLASS(punct, is_punct);
CHARACTER_CLASS(cntrl, is_cntrl);

// ---- multibyte text: one byte a character in the machine's code page ----
int NTAPI mbtowc(WCHAR* to, const char* from, SIZE_T count) {
    if (from == nullptr || count == 0) return 0;
    if (to != nullptr) *to = from_ansi(*from);
    return *from == 0 ? 0 : 1;
}
int NTAPI wctomb(char* to, WCHAR from) {
    if (to == nullptr) return 0;
    *to = to_ansi(from);
    return 1;
}
SIZE_T NTAPI mbstowcs(WCHAR* to, const char* from, SIZE_T count) {
    SIZE_T i = 0;
    for (; (to == nullptr || i < count) && from[i] != 0; ++i) {
        if (to != nullptr) to[i] = from_ansi(from[i]);
    }
    if (to != nullptr && i < count) to[i] = 0;
    return i;
}
SIZE_T NTAPI wcstombs(char* to, const WCHAR* from, SIZE_T count) {
    SIZE_T i = 0;
    for (; (to == nullptr || i < count) && from[i] != 0; ++i) {
        if (to != nullptr) to[i] = to_ansi(from[i]);
    }
    if (to != nullptr && i < count) to[i] = 0;
    return i;
}

EXPORT(atoi, atoi);
EXPORT(atol, atoi);
EXPORT(_atoi64, atoi64);
EXPORT(_wtoi, wtoi);
EXPORT(_wtol, wtoi);
EXPORT(_wtoi64, wtoi64);
EXPORT(strtol, strtol);
EXPORT(strtoul, strtoul);
EXPORT(_strtoi64, strtoi64);
EXPORT(_strtoui64, strtoui64);
EXPORT(wcstol, wcstol);
EXPORT(wcstoul, wcstoul);
EXPORT(_wcstoi64, wcstoi64);
EXPORT(_wcstoui64, wcstoui64);
EXPORT(_itoa, itoa);
EXPORT(_ltoa, itoa);
EXPORT(_itow, itow);
EXPORT(_ltow, itow);
EXPORT(_i64toa, i64toa);
EXPORT(_i64tow, i64tow);
EXPORT(_ultoa, ultoa);
EXPORT(_ultow, ultow);
EXPORT(_ui64toa, ui64toa);
EXPORT(_ui64tow, ui64tow);
EXPORT(_itoa_s, itoa_s);
EXPORT(_ltoa_s, itoa_s);
EXPORT(_itow_s, itow_s);
EXPORT(_ltow_s, itow_s);
EXPORT(_i64toa_s, i64toa_s);
EXPORT(_i64tow_s, i64tow_s);
EXPORT(_ultoa_s, ultoa_s);
EXPORT(_ultow_s, ultow_s);
EXPORT(_ui64toa_s, ui64toa_s);
EXPORT(_ui64tow_s, ui64tow_s);
EXPORT(abs, abs);
EXPORT(labs, abs);
EXPORT(llabs, abs64);
EXPORT(_abs64, abs64);
EXPORT(rand, rand);
EXPORT(srand, srand);
EXPORT(qsort, qsort);
EXPORT(bsearch, bsearch);
EXPORT(tolower, tolower);
EXPORT(toupper, toupper);
EXPORT(towlower, towlower);
EXPORT(towupper, towupper);
EXPORT(mbtowc, mbtowc);
EXPORT(wctomb, wctomb);
EXPORT(mbstowcs, mbstowcs);
EXPORT(wcstombs, wcstombs);

}  // namespace portico::nt::rtl::crt
