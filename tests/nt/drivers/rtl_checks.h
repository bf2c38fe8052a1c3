/* How a test driver tells what it found: it calls back for each check. Both modes. */
#pragma once

#include <ntddk.h>

typedef struct RtlChecks {
    void(NTAPI* check)(int holds, const char* file, int line, const char* text);
} RtlChecks;

#define CHECK(condition) (checks->check((condition) ? 1 : 0, __FILE__, __LINE__, #condition))
