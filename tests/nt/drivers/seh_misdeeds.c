/* What no handler takes, each by its number: DriverEntry's first argument. */
#include <ntddk.h>

#define FIRST ((NTSTATUS)0xE0000001L)

static KDPC dpc;
static volatile LONG handled;

static DECLSPEC_NOINLINE int Read(volatile int* place) {
    return *place;
}

static VOID NTAPI DpcThatRaises(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    (void)Dpc;
    (void)Context;
    (void)First;
    (void)Second;
    ExRaiseStatus(FIRST);
}

static void Nothing(void) {
    ExRaiseStatus(FIRST);
}

static void InADpc(void) {
    KeInitializeDpc(&dpc, DpcThatRaises, NULL);
    __try {
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeDelayExecutionThread(KernelMode, FALSE, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = 1;
    }
}

static void SystemAddress(void) {
    __try {
        Read((int*)0x6F8000000000);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = 1;
    }
}

static void Raised(void) {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    __try {
        Read((int*)16);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = 1;
    }
    KeLowerIrql(old);
}

static void InPortico(void) {
    __try {
        KeSetEvent((PKEVENT)16, 0, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = 1;
    }
}

static void FilterForEver(void) {
    __try {
        ExRaiseStatus(FIRST);
    } __except (Read((int*)16)) {
        handled = 1;
    }
}

static void Overwritten(void) {
    __try {
#ifndef PORTICO_SYS
        RtlFillMemory(&PorticoSeh, sizeof PorticoSeh, 0x41);
#endif
        ExRaiseStatus(FIRST);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        handled = 1;
    }
}

static void BadContext(void) {
    EXCEPTION_RECORD record;
    RtlZeroMemory(&record, sizeof record);
    record.ExceptionCode = FIRST;
    __try {
        RtlRaiseException(&record);
    } __except (GetExceptionInformation()->ContextRecord->Rsp = 16, EXCEPTION_CONTINUE_EXECUTION) {
        handled = 1;
    }
}

static void NullPointer(void) {
    Read((int*)16);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    static void (*const misdeeds[])(void) = {Nothing,       InADpc,      SystemAddress, Raised,     InPortico,
                                             FilterForEver, Overwritten, BadContext,    NullPointer};
    (void)RegistryPath;
    misdeeds[(ULONG_PTR)DriverObject]();
    return handled;
}
