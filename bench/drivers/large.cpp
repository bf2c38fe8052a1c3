// An image of more than 1 MiB, a quarter of which must be relocated.
#include <ntddk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

__asm__(
    "        .data\n"
    "        .globl g_Pointers\n"
    "g_Pointers:\n"
    "        .rept 32768\n"
    "        .quad g_Pointers\n"
    "        .endr\n"
    "        .rept 98304\n"
    "        .quad 0x5a5a5a5a5a5a5a5a\n"
    "        .endr\n"
    "        .text\n");
extern "C" void* g_Pointers[131072];

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) {
    return g_Pointers[7] == g_Pointers ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
