/* Safe strings and integers, the same in C and in C++. */
#include "rtl_checks.h"

#include <ntintsafe.h>
#include <ntstrsafe.h>

static void CheckCopies(const RtlChecks* checks) {
    char text[8];
    wchar_t wide[8];
    size_t left;
    char* end;
    CHECK(RtlStringCchCopyA(text, 8, "1234567") == STATUS_SUCCESS && strcmp(text, "1234567") == 0);
    CHECK(RtlStringCchCopyA(text, 8, "12345678") == STATUS_BUFFER_OVERFLOW && strcmp(text, "1234567") == 0);
    CHECK(RtlStringCchCopyA(text, 0, "1") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyA(text, (size_t)NTSTRSAFE_MAX_CCH + 1, "1") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyNA(text, 8, "12345", 2) == STATUS_SUCCESS && strcmp(text, "12") == 0);
    CHECK(RtlStringCbCopyW(wide, sizeof(wide), L"1234567") == STATUS_SUCCESS &&
          wcscmp(wide, L"1234567") == 0);
    CHECK(RtlStringCbCopyW(wide, 6, L"1234567") == STATUS_BUFFER_OVERFLOW && wcscmp(wide, L"12") == 0);
    CHECK(RtlStringCbCopyW(wide, 1, L"1") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbCopyNW(wide, sizeof(wide), L"123", 4) == STATUS_SUCCESS && wcscmp(wide, L"12") == 0);
    CHECK(RtlStringCchCopyExA(text, 8, "ab", &end, &left, STRSAFE_FILL_BYTE(0x55)) == STATUS_SUCCESS);
    CHECK(end == text + 2 && left == 6 && text[2] == 0 && text[3] == 0x55 && text[7] == 0x55);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, 0) == STATUS_BUFFER_OVERFLOW && end == text + 2 &&
          left == 1);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW &&
          text[0] == 0 && left == 3);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, STRSAFE_FAILURE_BYTE('x')) ==
              STATUS_BUFFER_OVERFLOW &&
          strcmp(text, "xx") == 0);
    CHECK(RtlStringCchCopyExA(text, 3, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS &&
          text[0] == 0);
    CHECK(RtlStringCchCopyExA(NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS);
    CHECK(RtlStringCchCopyExA(text, 0, "a", NULL, NULL, 0) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlStringCchCopyExA(text, 3, "a", NULL, NULL, 0x2000) == STATUS_INVALID_PARAMETER);
}

static void CheckCats(const RtlChecks* checks) {
    char text[8] = "ab";
    char* end;
    size_t left;
    size_t length;
    CHECK(RtlStringCchCatA(text, 8, "cd") == STATUS_SUCCESS && strcmp(text, "abcd") == 0);
    CHECK(RtlStringCchCatNA(text, 8, "efgh", 1) == STATUS_SUCCESS && strcmp(text, "abcde") == 0);
    CHECK(RtlStringCbCatA(text, 8, "xyz") == STATUS_BUFFER_OVERFLOW && strcmp(text, "abcdexy") == 0);
    CHECK(RtlStringCchCatA(text, 4, "z") == STATUS_INVALID_PARAMETER); /* no end within 4 */
    CHECK(RtlStringCchCatExA(text, 8, "z", &end, &left, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW);
    CHECK(strcmp(text, "abcdexy") == 0 && end == text + 7 && left == 1);
    CHECK(RtlStringCchLengthA("abc", 4, &length) == STATUS_SUCCESS && length == 3);
    CHECK(RtlStringCchLengthA("abc", 3, &length) == STATUS_INVALID_PARAMETER && length == 0);
    CHECK(RtlStringCchLengthA(NULL, 3, NULL) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbLengthW(L"abc", 8, &length) == STATUS_SUCCESS && length == 6);
}

static void CheckPrints(const RtlChecks* checks) {
    char text[8];
    wchar_t wide[8];
    wchar_t* end;
    size_t left;
    CHECK(RtlStringCchPrintfA(text, 8, "%d-%s", 12, "ab") == STATUS_SUCCESS && strcmp(text, "12-ab") == 0);
    CHECK(RtlStringCchPrintfA(text, 4, "%d", 1234) == STATUS_BUFFER_OVERFLOW && strcmp(text, "123") == 0);
    CHECK(RtlStringCchPrintfA(text, 1, "%d", 1234) == STATUS_BUFFER_OVERFLOW && text[0] == 0);
    CHECK(RtlStringCbPrintfW(wide, sizeof(wide), L"%ws%u", L"Midi", 7u) == STATUS_SUCCESS &&
          wcscmp(wide, L"Midi7") == 0);
    CHECK(RtlStringCbPrintfExW(wide, sizeof(wide), &end, &left, 0, L"%d", 42) == STATUS_SUCCESS &&
          end == wide + 2 && left == 12);
    CHECK(RtlStringCchPrintfA(text, 0, "x") == STATUS_INVALID_PARAMETER);
}

static void CheckCounted(const RtlChecks* checks) {
    wchar_t buffer[8];
    wchar_t plain[4];
    UNICODE_STRING to = {0, sizeof(buffer), buffer};
    UNICODE_STRING from;
    UNICODE_STRING rest;
    UNICODE_STRING wrong = {3, 8, buffer};
    UNICODE_STRING none = {0, 0, NULL};
    CHECK(RtlUnicodeStringInit(&from, L"abc") == STATUS_SUCCESS && from.Length == 6 &&
          from.MaximumLength == 8);
    CHECK(RtlUnicodeStringInit(&from, NULL) == STATUS_SUCCESS && from.MaximumLength == 0);
    CHECK(RtlUnicodeStringInit(&from, L"abc") == STATUS_SUCCESS &&
          RtlUnicodeStringCopy(&to, &from) == STATUS_SUCCESS && to.Length == 6);
    CHECK(RtlUnicodeStringCat(&to, &from) == STATUS_SUCCESS && to.Length == 12);
    CHECK(RtlUnicodeStringCatString(&to, L"xyz") == STATUS_BUFFER_OVERFLOW && to.Length == 16 &&
          buffer[7] == L'y');
    CHECK(RtlUnicodeStringCopyString(&to, L"pq") == STATUS_SUCCESS && to.Length == 4 && buffer[1] == L'q');
    CHECK(RtlUnicodeStringCchCopyStringN(&to, L"12345", 3) == STATUS_SUCCESS && to.Length == 6);
    CHECK(RtlUnicodeStringCopy(&to, &wrong) == STATUS_INVALID_PARAMETER &&
          RtlUnicodeStringValidate(&wrong) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeStringPrintf(&to, L"%d%s", 7, L"up") == STATUS_SUCCESS && to.Length == 6 &&
          buffer[2] == L'p');
    CHECK(RtlUnicodeStringPrintf(&to, L"%d", 123456789) == STATUS_BUFFER_OVERFLOW && to.Length == 16 &&
          buffer[7] == L'8');
    CHECK(RtlUnicodeStringCopyEx(&to, &from, &rest, 0) == STATUS_SUCCESS && rest.Buffer == buffer + 3 &&
          rest.MaximumLength == 10);
    /* Without a buffer only the Ex functions say that there is none. */
    CHECK(RtlUnicodeStringPrintf(&none, L"%d", 1) == STATUS_BUFFER_OVERFLOW &&
          RtlUnicodeStringPrintfEx(&none, NULL, 0, L"%d", 1) == STATUS_INVALID_PARAMETER &&
          RtlUnicodeStringPrintfEx(&none, NULL, 0, L"") == STATUS_SUCCESS);
    CHECK(RtlUnicodeStringCopy(&none, &from) == STATUS_BUFFER_OVERFLOW &&
          RtlUnicodeStringCopyEx(&none, &from, NULL, 0) == STATUS_INVALID_PARAMETER &&
          RtlUnicodeStringCatStringEx(&none, L"a", NULL, 0) == STATUS_INVALID_PARAMETER &&
          RtlUnicodeStringCatStringEx(&none, L"", NULL, 0) == STATUS_SUCCESS);
    none.Buffer = buffer;
    CHECK(RtlUnicodeStringCopyEx(&none, &from, NULL, 0) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlStringCchCopyUnicodeString(plain, 4, &from) == STATUS_SUCCESS && wcscmp(plain, L"abc") == 0);
    CHECK(RtlStringCchCopyUnicodeString(plain, 3, &from) == STATUS_BUFFER_OVERFLOW &&
          wcscmp(plain, L"ab") == 0);
}

static void CheckIntegers(const RtlChecks* checks) {
    ULONG ulong;
    USHORT ushort;
    SHORT sshort;
    UCHAR uchar;
    SIZE_T size;
    LONG signed_long;
    LONGLONG longlong;
    CHECK(RtlULongAdd(0xFFFFFFFE, 1, &ulong) == STATUS_SUCCESS && ulong == 0xFFFFFFFF);
    CHECK(RtlULongAdd(0xFFFFFFFF, 1, &ulong) == STATUS_INTEGER_OVERFLOW && ulong == 0xFFFFFFFF);
    CHECK(RtlULongSub(0, 1, &ulong) == STATUS_INTEGER_OVERFLOW &&
          RtlULongMult(0x10000, 0x10000, &ulong) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongMult(0xFFFF, 0x10001, &ulong) == STATUS_SUCCESS && ulong == 0xFFFFFFFF);
    CHECK(RtlUShortAdd(0xFFFF, 1, &ushort) == STATUS_INTEGER_OVERFLOW &&
          RtlSIZETMult((SIZE_T)1 << 40, (SIZE_T)1 << 40, &size) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongToUChar(255, &uchar) == STATUS_SUCCESS && uchar == 255 &&
          RtlULongToUChar(256, &uchar) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongToULong(-1, &ulong) == STATUS_INTEGER_OVERFLOW &&
          RtlULongToLong(0x80000000, &signed_long) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongLongToULong(0x100000000ULL, &ulong) == STATUS_INTEGER_OVERFLOW &&
          RtlSIZETToULong(77, &ulong) == STATUS_SUCCESS && ulong == 77);
    CHECK(RtlLongLongToShort(SHORT_MIN, &sshort) == STATUS_SUCCESS && sshort == SHORT_MIN &&
          RtlLongLongToShort(SHORT_MAX + 1, &sshort) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongToUShort(USHORT_MAX, &ushort) == STATUS_SUCCESS &&
          RtlULongToUShort(WORD_MAX + 1, &ushort) == STATUS_INTEGER_OVERFLOW &&
          RtlLongLongAdd(LONGLONG_MAX, INT8_MIN, &longlong) == STATUS_SUCCESS &&
          RtlSIZETAdd(SIZE_T_MAX, 1, &size) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongLongSub(MINLONGLONG, 1, &longlong) == STATUS_INTEGER_OVERFLOW &&
          RtlLongAdd(MAXLONG, 1, &signed_long) == STATUS_INTEGER_OVERFLOW);
}

static void CheckAll(const RtlChecks* checks) {
    CheckCopies(checks);
    CheckCats(checks);
    CheckPrints(checks);
    CheckCounted(checks);
    CheckIntegers(checks);
}
