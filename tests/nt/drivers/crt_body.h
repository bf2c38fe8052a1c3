/* What a driver expects of its C run time, the same in C and in C++. */
#include "rtl_checks.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Behind a volatile, so that the compiler calls instead of knowing. */
static const char* volatile Abc = "abc";
static const wchar_t* volatile WideAbc = L"abc";

static int SignOf(int value) {
    return value < 0 ? -1 : value > 0;
}

static void CheckMemory(const RtlChecks* checks) {
    char block[100];
    char other[100];
    int size;
    int i;
    int right = 1;
    for (size = 0; size <= 70; ++size) {
        for (i = 0; i < 100; ++i) block[i] = (char)i;
        memcpy(block + 7, block, size);
        for (i = 0; i < size; ++i) right &= block[7 + i] == (char)i;
        right &= block[7 + size] == (char)(7 + size);
        for (i = 0; i < 100; ++i) block[i] = (char)i;
        memmove(block, block + 5, size);
        for (i = 0; i < size; ++i) right &= block[i] == (char)(5 + i);
        right &= block[size] == (size < 1 ? 0 : (char)size);
        memset(other, 1, sizeof(other));
        memset(other + 3, 0xA5, size);
        right &= other[2] == 1 && other[3 + size] == 1;
        for (i = 0; i < size; ++i) right &= (unsigned char)other[3 + i] == 0xA5;
    }
    CHECK(right); /* every size, and memcpy whatever overlaps */
    /* Of a size that the compiler knows, too: it may make something else of the call. */
    for (i = 0; i < 100; ++i) block[i] = (char)i;
    RtlCopyMemory(block, block + 29, 70);
    for (i = 0; i < 70; ++i) right &= block[i] == (char)(29 + i);
    for (i = 0; i < 100; ++i) block[i] = (char)i;
    RtlCopyMemory(block + 29, block, 70);
    for (i = 0; i < 70; ++i) right &= block[29 + i] == (char)i;
    CHECK(right);
    CHECK(memcmp("abd", Abc, 3) > 0 && memcmp(Abc, "abd", 3) < 0 && memcmp(Abc, "abd", 2) == 0);
    CHECK(memcmp("\x80", "\x7f", 1) > 0);
    CHECK(memchr(Abc, 'c', 3) == Abc + 2 && memchr(Abc, 'c', 2) == NULL);
    CHECK(_memicmp("aBc", "AbC", 3) == 0);
    CHECK(memcpy_s(block, 4, "12345", 5) == ERANGE && block[0] == 0 && block[3] == 0);
    CHECK(memcpy_s(block, 5, "12345", 5) == 0 && block[4] == '5');
}

static void CheckStrings(const RtlChecks* checks) {
    char text[20];
    char* context = NULL;
    CHECK(strlen(Abc) == 3 && strnlen(Abc, 2) == 2 && strnlen(Abc, 9) == 3);
    CHECK(strcpy(text, Abc) == text && strcmp(text, "abc") == 0);
    CHECK(strcat(text, "def") == text && strcmp(text, "abcdef") == 0);
    CHECK(strncat(text, "ghi", 2) == text && strcmp(text, "abcdefgh") == 0);
    memset(text, 'x', sizeof(text));
    strncpy(text, Abc, 5);
    CHECK(memcmp(text, "abc\0\0x", 6) == 0);
    strncpy(text, "vwxyz", 3);
    CHECK(memcmp(text, "vwx\0\0x", 6) == 0);
    CHECK(SignOf(strcmp(Abc, "abd")) == -1 && SignOf(strcmp("abcd", Abc)) == 1 && strcmp(Abc, "abc") == 0);
    CHECK(strcmp("\xff", Abc) > 0);
    CHECK(strncmp(Abc, "abd", 2) == 0 && strncmp(Abc, "abd", 3) < 0 && strncmp(Abc, "x", 0) == 0);
    CHECK(_stricmp("MiDi", "mIdI") == 0 && _strnicmp("MIDIx", "midiy", 4) == 0 && _stricmp("[", "a") < 0);
    CHECK(strchr(Abc, 'b') == Abc + 1 && strchr(Abc, 'z') == NULL && strchr(Abc, 0) == Abc + 3);
    CHECK(strrchr("a/b/c", '/')[1] == 'c' && strrchr(Abc, 'z') == NULL);
    CHECK(strstr("the port", "port") != NULL && strstr(Abc, "cd") == NULL && strstr(Abc, "") == Abc);
    CHECK(strspn("aab1", "ab") == 3 && strcspn("xy,z", ",;") == 2 && *strpbrk("xy;z", ",;") == ';');
    strcpy(text, ",a,,b");
    CHECK(strcmp(strtok_s(text, ",", &context), "a") == 0 && strcmp(strtok_s(NULL, ",", &context), "b") == 0);
    CHECK(strtok_s(NULL, ",", &context) == NULL);
    strcpy(text, "MixEd1");
    CHECK(strcmp(_strlwr(text), "mixed1") == 0 && strcmp(_strupr(text), "MIXED1") == 0 &&
          strcmp(_strrev(text), "1DEXIM") == 0);
    CHECK(strcpy_s(text, 3, Abc) == ERANGE && text[0] == 0);
    CHECK(strcpy_s(text, 4, Abc) == 0 && strcat_s(text, 5, "d") == 0 && strcmp(text, "abcd") == 0);
    CHECK(strcat_s(text, 5, "e") == ERANGE && text[0] == 0);
    CHECK(strncpy_s(text, 3, Abc, _TRUNCATE) == STRUNCATE && strcmp(text, "ab") == 0);
    CHECK(strncpy_s(text, 3, Abc, 2) == 0 && strcmp(text, "ab") == 0 && strcpy_s(NULL, 3, Abc) == EINVAL);
}

static void CheckWideStrings(const RtlChecks* checks) {
    wchar_t text[20];
    CHECK(sizeof(wchar_t) == 2 && sizeof(L"ab") == 6);
    CHECK(wcslen(WideAbc) == 3 && wcscpy(text, WideAbc) == text && wcscmp(text, L"abc") == 0);
    CHECK(wcscat(text, L"de") == text && wcscmp(text, L"abcde") == 0 && wcsncmp(text, L"abx", 2) == 0);
    CHECK(wcscmp(L"b", WideAbc) > 0 && wcscmp(L"\xFFFD", WideAbc) > 0);
    CHECK(wcsstr(text, L"cd") == text + 2 && wcsstr(text, L"x") == NULL && wcschr(text, L'e') == text + 4);
    CHECK(wcsrchr(L"\\Device\\Midi0", L'\\')[1] == L'M' && _wcsicmp(L"ABC", WideAbc) == 0 &&
          _wcsnicmp(L"ABx", WideAbc, 2) == 0);
    CHECK(wcsncpy(text, L"xyz", 2) == text && wcscmp(text, L"xycde") == 0);
    CHECK(wcscmp(_wcsupr(text), L"XYCDE") == 0 && wcscpy_s(text, 2, WideAbc) == ERANGE && text[0] == 0);
    CHECK(towupper(0xE4) == 0xC4 && towupper(L'a') == L'A' && towlower(0x416) == 0x436 &&
          towupper(0x3042) == 0x3042);
}

static void CheckNumbers(const RtlChecks* checks) {
    char text[70];
    wchar_t wide[70];
    char* end;
    CHECK(atoi(" \t-42x") == -42 && atoi("+7") == 7 && atoi("x") == 0 && atol("2147483647") == 2147483647);
    CHECK(strtol("0x7fz", &end, 0) == 127 && *end == 'z' && strtol("-017", NULL, 0) == -15 &&
          strtol("z", NULL, 36) == 35);
    CHECK(strtol("99999999999", NULL, 10) == LONG_MAX && strtol("-99999999999", NULL, 10) == LONG_MIN);
    CHECK(strtoul("4294967296", NULL, 10) == ULONG_MAX && strtoul("-1", NULL, 10) == ULONG_MAX);
    CHECK(_strtoui64("18446744073709551615", NULL, 10) == _UI64_MAX &&
          _atoi64("-9000000000") == -9000000000LL);
    CHECK(wcstoul(L"ff", NULL, 16) == 255 && _wtoi(L"12") == 12);
    strtol("none", &end, 10);
    CHECK(strcmp(end, "none") == 0);
    CHECK(strcmp(_itoa(-255, text, 16), "ffffff01") == 0 && strcmp(_itoa(-255, text, 10), "-255") == 0);
    CHECK(strcmp(_ultoa(5, text, 2), "101") == 0 && wcscmp(_itow(1234, wide, 10), L"1234") == 0);
    CHECK(strcmp(_i64toa(LLONG_MIN, text, 10), "-9223372036854775808") == 0 &&
          _itoa_s(123, text, 3, 10) == ERANGE);
    CHECK(abs(-5) == 5 && labs(-6L) == 6 && _abs64(-7) == 7);
    srand(1);
    CHECK(rand() == 41 && rand() == 18467 && rand() == 6334); /* what every Microsoft C gives for seed 1 */
}

static int __cdecl Descending(const void* a, const void* b) {
    return *(const int*)b - *(const int*)a;
}

static void CheckSorting(const RtlChecks* checks) {
    int numbers[257];
    int i;
    int ordered = 1;
    int key = 100;
    int absent = 1000;
    for (i = 0; i < 257; ++i) numbers[i] = (i * 101) % 257;
    qsort(numbers, 257, sizeof(int), Descending);
    for (i = 0; i < 257; ++i) ordered &= numbers[i] == 256 - i;
    CHECK(ordered);
    CHECK(bsearch(&key, numbers, 257, sizeof(int), Descending) == &numbers[156]);
    CHECK(bsearch(&absent, numbers, 257, sizeof(int), Descending) == NULL);
    qsort(numbers, 0, sizeof(int), Descending);
    CHECK(numbers[0] == 256);
}

static void CheckCharacters(const RtlChecks* checks) {
    CHECK(toupper('q') == 'Q' && toupper('1') == '1' && tolower('Q') == 'q' && tolower('[') == '[');
    CHECK(isdigit('7') && !isdigit('a') && isxdigit('f') && isspace('\t') && isalpha('Z') && !isalpha('_'));
    CHECK(ispunct('_') && isprint(' ') && !isgraph(' ') && iscntrl(127) && isalnum('0') && isupper('A') &&
          islower('a'));
    CHECK(iswdigit(L'7') && !iswalpha(0x416));
}

static void CheckMathematics(const RtlChecks* checks) {
    volatile double two = 2.0;
    volatile float quarter = 0.25f;
    CHECK(sqrt(two * two) == 2.0 && pow(two, 10.0) == 1024.0 && log10(two * 500.0) == 3.0);
    CHECK(fabs(pow(10.0, -6.0 / 20.0) - 0.501187) < 1e-6 && fabs(sin(two) - 0.909297) < 1e-6);
    CHECK(floor(-1.5) == -2.0 && ceil(1.2) == 2.0 && fmod(7.0, two) == 1.0 && sqrtf(quarter) == 0.5f &&
          powf(quarter, 2.0f) == 0.0625f);
    CHECK(atan2(0.0, -two) > 3.14 && exp(0.0) == 1.0 && log(1.0) == 0.0);
}

/* FLD-054. */
static void CheckPrinting(const RtlChecks* checks) {
    char text[64];
    wchar_t wide[64];
    UNICODE_STRING name;
    int fill;
    RtlInitUnicodeString(&name, L"\\Device\\Midi");
    CHECK(sprintf(text, "%d %ld %x %08lX", -1, 2L, 255, 0xABCL) == 16 &&
          strcmp(text, "-1 2 ff 00000ABC") == 0);
    sprintf(text, "%S|%ws|%ls|%hs|%wZ", L"wide", L"w", L"l", "h", &name);
    CHECK(strcmp(text, "wide|w|l|h|\\Device\\Midi") == 0);
    sprintf(text, "%I64x %I64d %I32u %Iu", 0x123456789abcdefULL, -5LL, 7u, (size_t)9);
    CHECK(strcmp(text, "123456789abcdef -5 7 9") == 0);
    sprintf(text, "%p", (void*)(ULONG_PTR)0xABC);
    CHECK(strcmp(text, "0000000000000ABC") == 0);
    sprintf(text, "%.2f %5.1e", 3.14159, 12345.0);
    CHECK(strcmp(text, "3.14 1.2e+04") == 0);
    CHECK(swprintf(wide, L"%s %S %d %wZ", L"a", "b", 3, &name) == 18 &&
          wcscmp(wide, L"a b 3 \\Device\\Midi") == 0);
    memset(text, '#', sizeof(text));
    CHECK(_snprintf(text, 4, "%s", "1234") == 4 && text[4] == '#');
    CHECK(_snprintf(text, 4, "%s", "12345") == -1 && text[3] == '4' && text[4] == '#');
    CHECK(_snprintf(text, 4, "%s", "123") == 3 && text[3] == 0);
    for (fill = 0; fill < 64; ++fill) wide[fill] = L'#';
    CHECK(_snwprintf(wide, 2, L"%d", 123) == -1 && wide[1] == L'2' && wide[2] == L'#');
    CHECK(sprintf_s(text, 4, "%d", 1234) == -1 && text[0] == 0 && sprintf_s(text, 5, "%d", 1234) == 4);
    CHECK(_snprintf_s(text, 4, _TRUNCATE, "%d", 1234) == -1 && strcmp(text, "123") == 0);
    CHECK(_scprintf("%05d", 42) == 5 && _scwprintf(L"%s", L"abc") == 3);
}

static void CheckStack(const RtlChecks* checks) {
    char* memory = (char*)_alloca(300);
    memset(memory, 7, 300);
    CHECK(memory[299] == 7 && _I64_MAX == 9223372036854775807LL && UINT_MAX == 0xFFFFFFFFu &&
          LONG_MAX == 0x7FFFFFFF);
}

static void CheckAll(const RtlChecks* checks) {
    CheckMemory(checks);
    CheckStrings(checks);
    CheckWideStrings(checks);
    CheckNumbers(checks);
    CheckSorting(checks);
    CheckCharacters(checks);
    CheckMathematics(checks);
    CheckPrinting(checks);
    CheckStack(checks);
}
