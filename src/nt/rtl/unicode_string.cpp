// Counted strings of UTF-16.
#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {

void* allocate_string(SIZE_T size, const void* frame) {
    return ex::allocate(PagedPool, size, string_tag, frame);
}
void free_string(void* buffer, const void* frame) {
    ex::free(buffer, 0, frame);
}

LONG compare(const WCHAR* a, SIZE_T a_length, const WCHAR* b, SIZE_T b_length, bool fold) {
    const SIZE_T common = std::min(a_length, b_length);
    for (SIZE_T i = 0; i < common; ++i) {
        if (a[i] == b[i]) continue;
        const LONG difference = fold ? upcase(a[i]) - upcase(b[i]) : a[i] - b[i];
        if (difference != 0) return difference;
    }
    return static_cast<LONG>(a_length) - static_cast<LONG>(b_length);
}

namespace {

void initialize(UNICODE_STRING& string, const WCHAR* source, SIZE_T bytes) {
    string.Buffer = const_cast<PWCH>(source);
    string.Length = static_cast<USHORT>(bytes);
    string.MaximumLength = static_cast<USHORT>(source == nullptr ? 0 : bytes + sizeof(WCHAR));
}

void terminate(UNICODE_STRING& string) {
    if (string.Length + sizeof(WCHAR) <= string.MaximumLength) string.Buffer[characters(string)] = 0;
}

NTSTATUS append(UNICODE_STRING& to, const WCHAR* from, SIZE_T bytes) {
    if (to.Length + bytes > to.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
    if (bytes != 0) std::memmove(to.Buffer + characters(to), from, bytes);
    to.Length = static_cast<USHORT>(to.Length + bytes);
    terminate(to);
    return STATUS_SUCCESS;
}

NTSTATUS change_case(UNICODE_STRING& to, const UNICODE_STRING& from, bool allocate, WCHAR (*change)(WCHAR),
                     const void* frame) {
    if (allocate) {
        void* const buffer = allocate_string(std::max<SIZE_T>(from.Length, sizeof(WCHAR)), frame);
        if (buffer == nullptr) return STATUS_NO_MEMORY;
        to.Buffer = static_cast<PWCH>(buffer);
        to.MaximumLength = from.Length;
    } else if (from.Length > to.MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (SIZE_T i = 0; i < characters(from); ++i) to.Buffer[i] = change(from.Buffer[i]);
    to.Length = from.Length;
    return STATUS_SUCCESS;
}

bool starts_with(const UNICODE_STRING& string, const UNICODE_STRING& start, bool fold) {
    return start.Length <= string.Length &&
           compare(start.Buffer, characters(start), string.Buffer, characters(start), fold) == 0;
}

bool ends_with(const UNICODE_STRING& string, const UNICODE_STRING& end, bool fold) {
    if (end.Length > string.Length) return false;
    const WCHAR* const tail = string.Buffer + (characters(string) - characters(end));
    return compare(end.Buffer, characters(end), tail, characters(end), fold) == 0;
}

bool valid(const UNICODE_STRING* string) {
    if (string == nullptr) return true;
    const bool whole = string->Length % sizeof(WCHAR) == 0 && string->MaximumLength % sizeof(WCHAR) == 0;
    return whole && string->Length <= string->MaximumLength &&
           (string->Buffer != nullptr || string->MaximumLength == 0);
}

NTSTATUS duplicate(ULONG flags, const UNICODE_STRING& from, UNICODE_STRING& to, const void* frame) {
    const bool end = (flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0;
    const bool even_empty = (flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) != 0;
    to = {};
    if (from.Length == 0 && !even_empty) return STATUS_SUCCESS;
    if (end && from.Length > unicode_bytes_max) return STATUS_NAME_TOO_LONG;
    const auto size = static_cast<USHORT>(from.Length + (end ? sizeof(WCHAR) : 0));
    auto* const buffer = static_cast<PWCH>(allocate_string(size, frame));
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    if (from.Length != 0) std::memcpy(buffer, from.Buffer, from.Length);
    to = {from.Length, size, buffer};
    if (end) terminate(to);
    return STATUS_SUCCESS;
}

ULONG hash(const UNICODE_STRING& string, bool fold) {
    ULONG value = 0;
    for (SIZE_T i = 0; i < characters(string); ++i) {
        value = value * 65599 + (fold ? upcase(string.Buffer[i]) : string.Buffer[i]);
    }
    return value;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    DDI(RtlInitUnicodeString, DISPATCH_LEVEL);
    const SIZE_T bytes = SourceString == nullptr ? 0 : rtl::length_of(SourceString) * sizeof(WCHAR);
    rtl::initialize(*DestinationString, SourceString, std::min<SIZE_T>(bytes, rtl::unicode_bytes_max));
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    DDI(RtlInitUnicodeStringEx, DISPATCH_LEVEL);
    const SIZE_T bytes = SourceString == nullptr ? 0 : rtl::length_of(SourceString) * sizeof(WCHAR);
    if (bytes > rtl::unicode_bytes_max) return STATUS_NAME_TOO_LONG;
    rtl::initialize(*DestinationString, SourceString, bytes);
    return STATUS_SUCCESS;
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
    DDI(RtlCopyUnicodeString, HIGH_LEVEL);
    if (SourceString == nullptr) {
        DestinationString->Length = 0;
        return;
    }
    DestinationString->Length = std::min(SourceString->Length, DestinationString->MaximumLength);
    if (DestinationString->Length != 0) {
        std::memmove(DestinationString->Buffer, SourceString->Buffer, DestinationString->Length);
    }
    rtl::terminate(*DestinationString);
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive) {
    DDI(RtlCompareUnicodeString, PASSIVE_LEVEL);
    return rtl::compare(String1->Buffer, rtl::characters(*String1), String2->Buffer,
                        rtl::characters(*String2), CaseInSensitive != FALSE);
}

LONG NTAPI RtlCompareUnicodeStrings(PCWCH String1, SIZE_T String1Length, PCWCH String2, SIZE_T String2Length,
                                    BOOLEAN CaseInSensitive) {
    DDI(RtlCompareUnicodeStrings, PASSIVE_LEVEL);
    return rtl::compare(String1, String1Length, String2, String2Length, CaseInSensitive != FALSE);
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive) {
    DDI(RtlEqualUnicodeString, PASSIVE_LEVEL);
    return rtl::equal(*String1, *String2, CaseInSensitive != FALSE);
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive) {
    DDI(RtlPrefixUnicodeString, PASSIVE_LEVEL);
    return rtl::starts_with(*String2, *String1, CaseInSensitive != FALSE);
}

BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive) {
    DDI(RtlSuffixUnicodeString, PASSIVE_LEVEL);
    return rtl::ends_with(*String2, *String1, CaseInSensitive != FALSE);
}

NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                                    PULONG HashValue) {
    DDI(RtlHashUnicodeString, PASSIVE_LEVEL);
    if (String == nullptr || HashValue == nullptr) return STATUS_INVALID_PARAMETER;
    if (HashAlgorithm != HASH_STRING_ALGORITHM_DEFAULT && HashAlgorithm != HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    *HashValue = rtl::hash(*String, CaseInSensitive != FALSE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source) {
    DDI(RtlAppendUnicodeStringToString, HIGH_LEVEL);
    return Source->Length == 0 ? STATUS_SUCCESS : rtl::append(*Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
    DDI(RtlAppendUnicodeToString, HIGH_LEVEL);
    return Source == nullptr ? STATUS_SUCCESS
                             : rtl::append(*Destination, Source, rtl::length_of(Source) * sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
    DDI(RtlUpcaseUnicodeString, PASSIVE_LEVEL);
    return rtl::change_case(*DestinationString, *SourceString, AllocateDestinationString != FALSE,
                            &rtl::upcase, PORTICO_FRAME);
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString) {
    DDI(RtlDowncaseUnicodeString, PASSIVE_LEVEL);
    return rtl::change_case(*DestinationString, *SourceString, AllocateDestinationString != FALSE,
                            &rtl::downcase, PORTICO_FRAME);
}

NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn, PUNICODE_STRING StringOut) {
    DDI(RtlDuplicateUnicodeString, PASSIVE_LEVEL);
    const bool known = Flags <= 3 && Flags != RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    if (!known || StringIn == nullptr || StringOut == nullptr || !rtl::valid(StringIn))
        return STATUS_INVALID_PARAMETER;
    return rtl::duplicate(Flags, *StringIn, *StringOut, PORTICO_FRAME);
}

NTSTATUS NTAPI RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String) {
    DDI(RtlValidateUnicodeString, PASSIVE_LEVEL);
    return Flags == 0 && rtl::valid(String) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    DDI(RtlCreateUnicodeString, PASSIVE_LEVEL);
    const SIZE_T bytes = (rtl::length_of(SourceString) + 1) * sizeof(WCHAR);
    if (bytes > rtl::ansi_bytes_max) return FALSE;
    auto* const buffer = static_cast<PWCH>(rtl::allocate_string(bytes, PORTICO_FRAME));
    if (buffer == nullptr) return FALSE;
    std::memcpy(buffer, SourceString, bytes);
    rtl::initialize(*DestinationString, buffer, bytes - sizeof(WCHAR));
    return TRUE;
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
    DDI(RtlFreeUnicodeString, PASSIVE_LEVEL);
    if (UnicodeString->Buffer == nullptr) return;
    rtl::free_string(UnicodeString->Buffer, PORTICO_FRAME);
    *UnicodeString = {};
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
    DDI(RtlUpcaseUnicodeChar, PASSIVE_LEVEL);
    return rtl::upcase(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
    DDI(RtlDowncaseUnicodeChar, PASSIVE_LEVEL);
    return rtl::downcase(SourceCharacter);
}

}  // extern "C"
