// Counted strings of bytes in the machine's code page.
#include <cstring>

#include "nt/ddi.h"
#include "nt/rtl/code_page.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {

CHAR upcase_ansi(CHAR byte) {
    const WCHAR upper = upcase(from_ansi(byte));
    const CHAR result = to_ansi(upper);
    return from_ansi(result) == upper ? result : byte;
}

namespace {

void initialize(STRING& string, const CHAR* source, SIZE_T bytes) {
    string.Buffer = const_cast<PCHAR>(source);
    string.Length = static_cast<USHORT>(bytes);
    string.MaximumLength = static_cast<USHORT>(source == nullptr ? 0 : bytes + 1);
}

void initialize(STRING& string, const CHAR* source) {
    initialize(string, source, source == nullptr ? 0 : std::min<SIZE_T>(length_of(source), ansi_bytes_max));
}

NTSTATUS initialize_checked(STRING& string, const CHAR* source) {
    if (source != nullptr && length_of(source) > ansi_bytes_max) return STATUS_NAME_TOO_LONG;
    initialize(string, source);
    return STATUS_SUCCESS;
}

LONG compare_ansi(const STRING& a, const STRING& b, USHORT a_length, USHORT b_length, bool fold) {
    for (USHORT i = 0; i < std::min(a_length, b_length); ++i) {
        const auto left = static_cast<unsigned char>(fold ? upcase_ansi(a.Buffer[i]) : a.Buffer[i]);
        const auto right = static_cast<unsigned char>(fold ? upcase_ansi(b.Buffer[i]) : b.Buffer[i]);
        if (left != right) return left - right;
    }
    return a_length - b_length;
}

NTSTATUS append(STRING& to, const CHAR* from, SIZE_T bytes) {
    if (to.Length + bytes > to.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
    if (bytes != 0) std::memmove(to.Buffer + to.Length, from, bytes);
    to.Length = static_cast<USHORT>(to.Length + bytes);
    return STATUS_SUCCESS;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString) {
    DDI(RtlInitString, DISPATCH_LEVEL);
    rtl::initialize(*DestinationString, SourceString);
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
    DDI(RtlInitAnsiString, DISPATCH_LEVEL);
    rtl::initialize(*DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString) {
    DDI(RtlInitStringEx, DISPATCH_LEVEL);
    return rtl::initialize_checked(*DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString) {
    DDI(RtlInitAnsiStringEx, DISPATCH_LEVEL);
    return rtl::initialize_checked(*DestinationString, SourceString);
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING* SourceString) {
    DDI(RtlCopyString, HIGH_LEVEL);
    DestinationString->Length =
        SourceString == nullptr ? 0 : std::min(SourceString->Length, DestinationString->MaximumLength);
    if (DestinationString->Length != 0) {
        std::memmove(DestinationString->Buffer, SourceString->Buffer, DestinationString->Length);
    }
}

LONG NTAPI RtlCompareString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
    DDI(RtlCompareString, PASSIVE_LEVEL);
    return rtl::compare_ansi(*String1, *String2, String1->Length, String2->Length, CaseInSensitive != FALSE);
}

BOOLEAN NTAPI RtlEqualString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
    DDI(RtlEqualString, PASSIVE_LEVEL);
    return rtl::compare_ansi(*String1, *String2, String1->Length, String2->Length,
                             CaseInSensitive != FALSE) == 0;
}

BOOLEAN NTAPI RtlPrefixString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
    DDI(RtlPrefixString, PASSIVE_LEVEL);
    return String1->Length <= String2->Length &&
           rtl::compare_ansi(*String1, *String2, String1->Length, String1->Length,
                             CaseInSensitive != FALSE) == 0;
}

NTSTATUS NTAPI RtlAppendStringToString(PSTRING Destination, const STRING* Source) {
    DDI(RtlAppendStringToString, HIGH_LEVEL);
    return Source->Length == 0 ? STATUS_SUCCESS : rtl::append(*Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendAsciizToString(PSTRING Destination, PCSZ Source) {
    DDI(RtlAppendAsciizToString, HIGH_LEVEL);
    return Source == nullptr ? STATUS_SUCCESS : rtl::append(*Destination, Source, rtl::length_of(Source));
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING* SourceString) {
    DDI(RtlUpperString, PASSIVE_LEVEL);
    const USHORT length = std::min(SourceString->Length, DestinationString->MaximumLength);
    for (USHORT i = 0; i < length; ++i)
        DestinationString->Buffer[i] = rtl::upcase_ansi(SourceString->Buffer[i]);
    DestinationString->Length = length;
}

CHAR NTAPI RtlUpperChar(CHAR Character) {
    DDI(RtlUpperChar, PASSIVE_LEVEL);
    return rtl::upcase_ansi(Character);
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString) {
    DDI(RtlFreeAnsiString, PASSIVE_LEVEL);
    if (AnsiString->Buffer == nullptr) return;
    rtl::free_string(AnsiString->Buffer, PORTICO_FRAME);
    *AnsiString = {};
}

VOID NTAPI RtlFreeUTF8String(PUTF8_STRING Utf8String) {
    DDI(RtlFreeUTF8String, PASSIVE_LEVEL);
    if (Utf8String->Buffer == nullptr) return;
    rtl::free_string(Utf8String->Buffer, PORTICO_FRAME);
    *Utf8String = {};
}

}  // extern "C"
