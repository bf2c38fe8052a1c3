/* A driver with stack cookies and guarded calls, both of which the system must make ready. */
#include <ntddk.h>

typedef int (*Function)(int);

struct Guarded {
    ULONG_PTR cookie;
    Function call_through;
    Function twice;
};

extern ULONG_PTR __security_cookie;

static int Twice(int value) {
    volatile char room[32];
    room[0] = (char)value;
    return room[0] * 2;
}

static volatile Function g_Function = Twice;

static int CallThrough(int value) {
    return g_Function(value) + 1;
}

NTSTATUS NTAPI DriverEntry(struct Guarded* guarded, PVOID unused) {
    (void)unused;
    guarded->cookie = __security_cookie;
    guarded->call_through = CallThrough;
    guarded->twice = Twice;
    return STATUS_SUCCESS;
}
