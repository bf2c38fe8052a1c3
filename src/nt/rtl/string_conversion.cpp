// Between UTF-16, the machine's code page and UTF-8.
#include "nt/ddi.h"
#include "nt/rtl/code_page.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

constexpr WCHAR replacement = 0xFFFD;

// The target of a counted-string conversion: allocated for `size` bytes with the terminator, or the caller's.
template <class String>
NTSTATUS prepare(String& to, SIZE_T size, bool allocate, const void* frame) {
    if (allocate) {
        void* const buffer = allocate_string(size, frame);
        if (buffer == nullptr) return STATUS_NO_MEMORY;
        to.Buffer = static_cast<decltype(to.Buffer)>(buffer);
        to.MaximumLength = static_cast<USHORT>(size);
    }
    return size > to.MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

void to_ansi_text(char* to, const WCHAR* from, SIZE_T count, bool upper) {
    for (SIZE_T i = 0; i < count; ++i) to[i] = to_ansi(upper ? upcase(from[i]) : from[i]);
}

// A text that does not fit is cut, and said to be: STATUS_BUFFER_OVERFLOW is a warning.
NTSTATUS to_ansi_string(STRING& to, const UNICODE_STRING& from, bool allocate, bool upper,
                        const void* frame) {
    const SIZE_T count = characters(from);
    const NTSTATUS status = prepare(to, count + 1, allocate, frame);
    if (status == STATUS_NO_MEMORY || to.MaximumLength == 0) return status;
    const SIZE_T fits = std::min<SIZE_T>(count, to.MaximumLength - 1u);
    to_ansi_text(to.Buffer, from.Buffer, fits, upper);
    to.Buffer[fits] = 0;
    to.Length = static_cast<USHORT>(fits);
    return status;
}

NTSTATUS from_ansi_string(UNICODE_STRING& to, const STRING& from, bool allocate, const void* frame) {
    const SIZE_T size = (from.Length + SIZE_T{1}) * sizeof(WCHAR);
    if (size > ansi_bytes_max) return STATUS_INVALID_PARAMETER_2;
    const NTSTATUS status = prepare(to, size, allocate, frame);
    if (status != STATUS_SUCCESS) return status;
    for (SIZE_T i = 0; i < from.Length; ++i) to.Buffer[i] = from_ansi(from.Buffer[i]);
    to.Buffer[from.Length] = 0;
    to.Length = static_cast<USHORT>(size - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

// Calls `put(scalar)` for each character; false at once when put() says so. Half a surrogate pair is U+FFFD.
template <class Put>
bool each_scalar(const WCHAR* text, SIZE_T count, bool& all_mapped, Put put) {
    for (SIZE_T i = 0; i < count; ++i) {
        char32_t scalar = text[i];
        if (scalar >= 0xD800 && scalar <= 0xDFFF) {
            const char32_t next = i + 1 < count ? text[i + 1] : 0;
            if (scalar <= 0xDBFF && next >= 0xDC00 && next <= 0xDFFF) {
                scalar = 0x10000 + ((scalar - 0xD800) << 10) + (next - 0xDC00);
                ++i;
            } else {
                scalar = replacement;
                all_mapped = false;
            }
        }
        if (!put(scalar)) return false;
    }
    return true;
}

struct Utf8Character {
    char32_t scalar;
    unsigned length;
    bool valid;
};

// The character at `text`; of a malformed one, what can begin no other (Unicode 3.9, "maximal subparts").
Utf8Character read_utf8(const unsigned char* text, SIZE_T left) {
    const unsigned first = text[0];
    if (first < 0x80) return {first, 1, true};
    const unsigned length = first >= 0xC2 && first <= 0xDF   ? 2
                            : (first & 0xF0) == 0xE0         ? 3
                            : first >= 0xF0 && first <= 0xF4 ? 4
                                                             : 1;
    if (length == 1) return {replacement, 1, false};
    char32_t scalar = first & (0x7Fu >> length);
    for (unsigned i = 1; i < length; ++i) {
        unsigned low = 0x80;
        unsigned high = 0xBF;
        if (i == 1 && first == 0xE0) low = 0xA0;
        if (i == 1 && first == 0xED) high = 0x9F;
        if (i == 1 && first == 0xF0) low = 0x90;
        if (i == 1 && first == 0xF4) high = 0x8F;
        if (i >= left || text[i] < low || text[i] > high) return {replacement, i, false};
        scalar = scalar << 6 | (text[i] & 0x3Fu);
    }
    return {scalar, length, true};
}

NTSTATUS to_utf8(char* to, ULONG size, ULONG& written, const WCHAR* from, SIZE_T count) {
    bool all_mapped = true;
    written = 0;
    const bool all_fit = each_scalar(from, count, all_mapped, [&](char32_t scalar) {
        char bytes[4];
        const unsigned length = put_utf8(scalar, bytes);
        if (to != nullptr) {
            if (size - written < length) return false;
            for (unsigned i = 0; i < length; ++i) to[written + i] = bytes[i];
        }
        written += length;
        return true;
    });
    if (!all_fit) return STATUS_BUFFER_TOO_SMALL;
    return all_mapped ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

NTSTATUS from_utf8(WCHAR* to, ULONG size, ULONG& written, const char* from, SIZE_T count) {
    bool all_mapped = true;
    written = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(from);
    for (SIZE_T i = 0; i < count;) {
        const Utf8Character character = read_utf8(bytes + i, count - i);
        i += character.length;
        all_mapped = all_mapped && character.valid;
        const ULONG needed = character.scalar < 0x10000 ? 2 : 4;
        if (to != nullptr) {
            if (size - written < needed) return STATUS_BUFFER_TOO_SMALL;
            WCHAR* const at = to + written / sizeof(WCHAR);
            const char32_t above = character.scalar - 0x10000;
            at[0] = static_cast<WCHAR>(needed == 2 ? character.scalar : 0xD800 + (above >> 10));
            if (needed == 4) at[1] = static_cast<WCHAR>(0xDC00 + (above & 0x3FF));
        }
        written += needed;
    }
    return all_mapped ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

NTSTATUS to_utf8_string(STRING& to, const UNICODE_STRING& from, bool allocate, const void* frame) {
    ULONG needed = 0;
    to_utf8(nullptr, 0, needed, from.Buffer, characters(from));
    if (needed + 1 > 0xFFFF) return STATUS_INVALID_PARAMETER_2;
    const NTSTATUS status = prepare(to, needed + 1, allocate, frame);
    if (status != STATUS_SUCCESS) return status;
    const NTSTATUS converted = to_utf8(to.Buffer, needed, needed, from.Buffer, characters(from));
    to.Buffer[needed] = 0;
    to.Length = static_cast<USHORT>(needed);
    return converted;
}

NTSTATUS from_utf8_string(UNICODE_STRING& to, const STRING& from, bool allocate, const void* frame) {
    ULONG needed = 0;
    from_utf8(nullptr, 0, needed, from.Buffer, from.Length);
    if (needed > unicode_bytes_max) return STATUS_INVALID_PARAMETER_2;
    const NTSTATUS status = prepare(to, needed + sizeof(WCHAR), allocate, frame);
    if (status != STATUS_SUCCESS) return status;
    const NTSTATUS converted = from_utf8(to.Buffer, needed, needed, from.Buffer, from.Length);
    to.Buffer[needed / sizeof(WCHAR)] = 0;
    to.Length = static_cast<USHORT>(needed);
    return converted;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    DDI(RtlAnsiStringToUnicodeString, PASSIVE_LEVEL);
    return rtl::from_ansi_string(*DestinationString, *SourceString, AllocateDestinationString != FALSE,
                                 PORTICO_FRAME);
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    DDI(RtlUnicodeStringToAnsiString, PASSIVE_LEVEL);
    return rtl::to_ansi_string(*DestinationString, *SourceString, AllocateDestinationString != FALSE, false,
                               PORTICO_FRAME);
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                                  PCUNICODE_STRING SourceString,
                                                  BOOLEAN AllocateDestinationString) {
    DDI(RtlUpcaseUnicodeStringToAnsiString, PASSIVE_LEVEL);
    return rtl::to_ansi_string(*DestinationString, *SourceString, AllocateDestinationString != FALSE, true,
                               PORTICO_FRAME);
}

// Both sizes are in bytes with the terminator.
ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString) {
    DDI(RtlxAnsiStringToUnicodeSize, PASSIVE_LEVEL);
    return (AnsiString->Length + 1u) * sizeof(WCHAR);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString) {
    DDI(RtlxUnicodeStringToAnsiSize, PASSIVE_LEVEL);
    return static_cast<ULONG>(rtl::characters(*UnicodeString) + 1);
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString) {
    DDI(RtlUnicodeToMultiByteN, PASSIVE_LEVEL);
    const ULONG count = std::min<ULONG>(BytesInUnicodeString / sizeof(WCHAR), MaxBytesInMultiByteString);
    rtl::to_ansi_text(MultiByteString, UnicodeString, count, false);
    if (BytesInMultiByteString != nullptr) *BytesInMultiByteString = count;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, const CHAR* MultiByteString,
                                      ULONG BytesInMultiByteString) {
    DDI(RtlMultiByteToUnicodeN, PASSIVE_LEVEL);
    const ULONG count = std::min<ULONG>(BytesInMultiByteString, MaxBytesInUnicodeString / sizeof(WCHAR));
    for (ULONG i = 0; i < count; ++i) UnicodeString[i] = rtl::from_ansi(MultiByteString[i]);
    if (BytesInUnicodeString != nullptr) *BytesInUnicodeString = count * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH, ULONG BytesInUnicodeString) {
    DDI(RtlUnicodeToMultiByteSize, PASSIVE_LEVEL);
    *BytesInMultiByteString = BytesInUnicodeString / sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR*,
                                         ULONG BytesInMultiByteString) {
    DDI(RtlMultiByteToUnicodeSize, PASSIVE_LEVEL);
    *BytesInUnicodeString = BytesInMultiByteString * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

// Without a destination, both compute the size alone.
NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                 PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                 ULONG UnicodeStringByteCount) {
    DDI(RtlUnicodeToUTF8N, PASSIVE_LEVEL);
    if (UnicodeStringSource == nullptr) return STATUS_INVALID_PARAMETER_4;
    if (UTF8StringActualByteCount == nullptr) return STATUS_INVALID_PARAMETER;
    if (UTF8StringDestination != nullptr && UnicodeStringByteCount % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER_5;
    return rtl::to_utf8(UTF8StringDestination, UTF8StringMaxByteCount, *UTF8StringActualByteCount,
                        UnicodeStringSource, UnicodeStringByteCount / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                 PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                                 ULONG UTF8StringByteCount) {
    DDI(RtlUTF8ToUnicodeN, PASSIVE_LEVEL);
    if (UTF8StringSource == nullptr) return STATUS_INVALID_PARAMETER_4;
    if (UnicodeStringActualByteCount == nullptr) return STATUS_INVALID_PARAMETER;
    return rtl::from_utf8(UnicodeStringDestination, UnicodeStringMaxByteCount, *UnicodeStringActualByteCount,
                          UTF8StringSource, UTF8StringByteCount);
}

NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString, PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    DDI(RtlUnicodeStringToUTF8String, PASSIVE_LEVEL);
    return rtl::to_utf8_string(*DestinationString, *SourceString, AllocateDestinationString != FALSE,
                               PORTICO_FRAME);
}

NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString, PCUTF8_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    DDI(RtlUTF8StringToUnicodeString, PASSIVE_LEVEL);
    return rtl::from_utf8_string(*DestinationString, *SourceString, AllocateDestinationString != FALSE,
                                 PORTICO_FRAME);
}

}  // extern "C"
