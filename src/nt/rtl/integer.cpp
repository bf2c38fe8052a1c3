// Numbers from and to text.
#include "nt/ddi.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

bool is_radix(ULONG base) {
    return base == 2 || base == 8 || base == 10 || base == 16;
}

// Base 0 writes decimal digits. The string needs room for a terminator, too.
NTSTATUS write_integer(ULONGLONG value, ULONG base, UNICODE_STRING& to) {
    if (base == 0) base = 10;
    if (!is_radix(base)) return STATUS_INVALID_PARAMETER;
    WCHAR digits[64];
    SIZE_T count = 0;
    do digits[count++] = static_cast<WCHAR>("0123456789ABCDEF"[value % base]);
    while ((value /= base) != 0);
    if ((count + 1) * sizeof(WCHAR) > to.MaximumLength) return STATUS_BUFFER_OVERFLOW;
    for (SIZE_T i = 0; i < count; ++i) to.Buffer[i] = digits[count - 1 - i];
    to.Buffer[count] = 0;
    to.Length = static_cast<USHORT>(count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

// Base 0 asks the text: 0x, 0o and 0b, else decimal. Characters up to the blank come first, then a sign.
// Reads to the first character that is no digit; none at all is 0. Whatever passes 32 bits is lost.
template <class C>
NTSTATUS read_integer(const C* text, SIZE_T count, ULONG base, ULONG& value) {
    SIZE_T at = 0;
    const auto here = [&](SIZE_T ahead) { return at + ahead < count ? text[at + ahead] : C{0}; };
    while (at < count && text[at] > 0 && text[at] <= ' ') ++at;
    const bool negative = here(0) == '-';
    if (negative || here(0) == '+') ++at;
    if (base == 0) {
        const C kind = here(0) == '0' ? here(1) : C{0};
        base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
        if (base != 10) at += 2;
    }
    if (!is_radix(base)) return STATUS_INVALID_PARAMETER;
    value = 0;
    for (; at < count && digit_of(text[at]) < base; ++at) value = value * base + digit_of(text[at]);
    if (negative) value = 0 - value;
    return STATUS_SUCCESS;
}

// C's grammar for 64 bits; `end` is where reading stopped, the beginning when there was no number.
NTSTATUS read_integer64(const UNICODE_STRING& text, ULONG base, LONGLONG& value, PWSTR* end) {
    if (base == 1 || base > 36) return STATUS_INVALID_PARAMETER;
    SIZE_T at = 0;
    const auto here = [&](SIZE_T ahead) {
        return at + ahead < characters(text) ? text.Buffer[at + ahead] : WCHAR{0};
    };
    while (here(0) == ' ' || (here(0) >= 9 && here(0) <= 13)) ++at;
    const bool negative = here(0) == '-';
    if (negative || here(0) == '+') ++at;
    const bool hexadecimal = here(0) == '0' && (here(1) == 'x' || here(1) == 'X') && digit_of(here(2)) < 16;
    if (base == 0) base = hexadecimal ? 16 : here(0) == '0' ? 8 : 10;
    if (base == 16 && hexadecimal) at += 2;
    const SIZE_T begin = at;
    bool overflow = false;
    ULONGLONG magnitude = 0;
    for (; here(0) != 0 && digit_of(here(0)) < base; ++at) {
        overflow |= __builtin_mul_overflow(magnitude, ULONGLONG{base}, &magnitude);
        overflow |= __builtin_add_overflow(magnitude, ULONGLONG{digit_of(here(0))}, &magnitude);
    }
    if (end != nullptr) *end = text.Buffer + (at == begin ? 0 : at);
    if (overflow || magnitude > (1ull << 63) - (negative ? 0 : 1)) return STATUS_INTEGER_OVERFLOW;
    value = static_cast<LONGLONG>(negative ? 0 - magnitude : magnitude);
    return STATUS_SUCCESS;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
    DDI(RtlIntegerToUnicodeString, PASSIVE_LEVEL);
    return rtl::write_integer(Value, Base, *String);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String) {
    DDI(RtlInt64ToUnicodeString, PASSIVE_LEVEL);
    return rtl::write_integer(Value, Base, *String);
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
    DDI(RtlUnicodeStringToInteger, PASSIVE_LEVEL);
    return rtl::read_integer(String->Buffer, rtl::characters(*String), Base, *Value);
}

NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING String, ULONG Base, PLONG64 Number,
                                       PWSTR* EndPointer) {
    DDI(RtlUnicodeStringToInt64, PASSIVE_LEVEL);
    LONGLONG value = 0;
    const NTSTATUS status = rtl::read_integer64(*String, Base, value, EndPointer);
    *Number = value;
    return status;
}

NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value) {
    DDI(RtlCharToInteger, HIGH_LEVEL);
    return rtl::read_integer(String, rtl::length_of(String), Base, *Value);
}

}  // extern "C"
