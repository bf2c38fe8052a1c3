// Formatted text in memory, as drivers import it from the C run time: the old forms (swprintf without a
// count, _snprintf which leaves the end off) and the secure ones.
#include "nt/ddi.h"
#include "nt/rtl/format.h"
#include "nt/rtl/rtl.h"

namespace portico::nt::rtl::crt {
namespace {

constexpr SIZE_T unbounded = ~SIZE_T{0} / 4;

// No end when the text fills the buffer; -1 when it does not fit.
template <class C>
int print(C* to, SIZE_T count, const C* text, Arguments arguments) {
    FormatBuffer<C> out{to, to == nullptr ? 0 : count};
    format(out, text, arguments);
    if (out.length < out.capacity) to[out.length] = 0;
    return out.overflowed() && to != nullptr ? -1 : static_cast<int>(out.length);
}

// `count` characters at most, within `size` with the end. Too long: the target is emptied, unless `count`
// says where to cut.
template <class C>
int print_secure(C* to, SIZE_T size, SIZE_T count, const C* text, Arguments arguments) {
    if (to == nullptr || size == 0 || text == nullptr) return -1;
    const SIZE_T room = size - 1;
    FormatBuffer<C> out{to, count < room ? count : room};
    format(out, text, arguments);
    if (!out.overflowed()) {
        to[out.length] = 0;
        return static_cast<int>(out.length);
    }
    to[count <= room || count == truncate ? out.capacity : 0] = 0;
    return -1;
}

template <class C>
int measure(const C* text, Arguments arguments) {
    FormatBuffer<C> out{nullptr, 0};
    format(out, text, arguments);
    return static_cast<int>(out.length);
}

}  // namespace

// A pair of functions, with a list of arguments and with "...".
#define PRINT_PAIR(LIST_NAME, NAME, PARAMETERS, CALL)      \
    int NTAPI LIST_NAME(PARAMETERS, Arguments arguments) { \
        return CALL;                                       \
    }                                                      \
    int NTAPI NAME(PARAMETERS, ...) {                      \
        Arguments arguments;                               \
        __builtin_ms_va_start(arguments, text);            \
        const int result = CALL;                           \
        __builtin_ms_va_end(arguments);                    \
        return result;                                     \
    }
#define AND ,

PRINT_PAIR(vsprintf, sprintf, char* to AND const char* text, print(to, unbounded, text, arguments))
PRINT_PAIR(vswprintf, swprintf, WCHAR* to AND const WCHAR* text, print(to, unbounded, text, arguments))
PRINT_PAIR(vsnprintf, snprintf, char* to AND SIZE_T count AND const char* text,
           print(to, count, text, arguments))
PRINT_PAIR(vsnwprintf, snwprintf, WCHAR* to AND SIZE_T count AND const WCHAR* text,
           print(to, count, text, arguments))
PRINT_PAIR(vsprintf_s, sprintf_s, char* to AND SIZE_T size AND const char* text,
           print_secure(to, size, size, text, arguments))
PRINT_PAIR(vswprintf_s, swprintf_s, WCHAR* to AND SIZE_T size AND const WCHAR* text,
           print_secure(to, size, size, text, arguments))
PRINT_PAIR(vsnprintf_s, snprintf_s, char* to AND SIZE_T size AND SIZE_T count AND const char* text,
           print_secure(to, size, count, text, arguments))
PRINT_PAIR(vsnwprintf_s, snwprintf_s, WCHAR* to AND SIZE_T size AND SIZE_T count AND const WCHAR* text,
           print_secure(to, size, count, text, arguments))
PRINT_PAIR(vscprintf, scprintf, const char* text, measure(text, arguments))
PRINT_PAIR(vscwprintf, scwprintf, const WCHAR* text, measure(text, arguments))

EXPORT(vsprintf, vsprintf);
EXPORT(sprintf, sprintf);
EXPORT(vswprintf, vswprintf);
EXPORT(swprintf, swprintf);
EXPORT(_swprintf, swprintf);
EXPORT(_vsnprintf, vsnprintf);
EXPORT(_snprintf, snprintf);
EXPORT(_vsnwprintf, vsnwprintf);
EXPORT(_snwprintf, snwprintf);
EXPORT(vsprintf_s, vsprintf_s);
EXPORT(sprintf_s, sprintf_s);
EXPORT(vswprintf_s, vswprintf_s);
EXPORT(swprintf_s, swprintf_s);
EXPORT(_vsnprintf_s, vsnprintf_s);
EXPORT(_snprintf_s, snprintf_s);
EXPORT(_vsnwprintf_s, vsnwprintf_s);
EXPORT(_snwprintf_s, snwprintf_s);
EXPORT(_vscprintf, vscprintf);
EXPORT(_scprintf, scprintf);
EXPORT(_vscwprintf, vscwprintf);
EXPORT(_scwprintf, scwprintf);

}  // namespace portico::nt::rtl::crt
