// The C run time as a driver in C++ uses it, with the overloads that C++ has on top.
#include "crt_body.h"

#include <new>

static void CheckOverloads(const RtlChecks* checks) {
    char text[8] = "abc";
    wchar_t wide[16];
    // What is found in writable text may be written.
    *strchr(text, 'b') = 'B';
    *strstr(text, "c") = 'C';
    CHECK(strcmp(text, "aBC") == 0);
    CHECK(strcpy_s(text, "1234567") == 0 && strcpy_s(text, "12345678") == ERANGE);
    CHECK(sprintf_s(text, "%d", 12) == 2 && strcmp(text, "12") == 0);
    // Beside the old swprintf, the one with a count (FLD-054).
    CHECK(swprintf(wide, L"%d", 3) == 1 && swprintf(wide, 16, L"%s", L"new") == 3 &&
          wcscmp(wide, L"new") == 0);
    CHECK(abs(-2.5) == 2.5 && sqrt(4.0f) == 2.0f && pow(2.0, 3) == 8.0 &&
          sizeof(floor(1.5f)) == sizeof(float));
    int place = 7;
    CHECK(new (&place) int(8) == &place&& place == 8);
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    const auto* const checks = reinterpret_cast<const RtlChecks*>(DriverObject);
    CheckAll(checks);
    CheckOverloads(checks);
    return STATUS_SUCCESS;
}
