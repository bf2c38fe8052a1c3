// What compiled code refers to without naming it in its source.
#include <wdm.h>

#ifndef DRIVER_OVERRAN_STACK_BUFFER
#define DRIVER_OVERRAN_STACK_BUFFER ((ULONG)0x000000F7L)
#endif

#define PORTICO_WEAK __attribute__((weak))

extern "C" {

// Referenced by every object that uses floating point.
PORTICO_WEAK int _fltused = 0x9875;

// A pure virtual function was called: in a constructor, in a destructor or through a dead object.
PORTICO_WEAK int __cdecl _purecall(void) {
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_NOT_IMPLEMENTED),
                 reinterpret_cast<ULONG_PTR>(__builtin_return_address(0)), 0, 0);
    return 0;
}

// Stack cookies. The value is fixed so that runs replay.
PORTICO_WEAK ULONG_PTR __security_cookie = 0x00002B992DDFA232;

PORTICO_WEAK void __cdecl __security_check_cookie(ULONG_PTR cookie) {
    if (cookie == __security_cookie) return;
    KeBugCheckEx(DRIVER_OVERRAN_STACK_BUFFER, cookie, __security_cookie, ~__security_cookie,
                 reinterpret_cast<ULONG_PTR>(__builtin_return_address(0)));
}

PORTICO_WEAK void __cdecl __security_init_cookie(void) {}
}
