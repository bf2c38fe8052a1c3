/* Structured exceptions as a driver's code has them, compiled as C and as C++, into a .so and a .sys,
 * optimised and not. What happens is written down letter by letter: filters in capitals, the rest small.
 * Faults happen in functions that are called: there every compiler sees them. */
#include "rtl_checks.h"

#define FIRST ((NTSTATUS)0xE0000001L)
#define SECOND ((NTSTATUS)0xE0000002L)

static char happened[64];
static int happened_count;

static void Begin(void) {
    happened_count = 0;
    happened[0] = 0;
}

static void Say(char letter) {
    if (happened_count < 62) happened[happened_count++] = letter;
    happened[happened_count] = 0;
}

static BOOLEAN Happened(const char* expected) {
    int i = 0;
    while (happened[i] == expected[i]) {
        if (expected[i] == 0) return TRUE;
        ++i;
    }
    return FALSE;
}

static int Filter(char letter, int answer) {
    Say(letter);
    return answer;
}

static DECLSPEC_NOINLINE int Read(volatile int* place) {
    return *place;
}

static DECLSPEC_NOINLINE void Write(volatile int* place) {
    *place = 1;
}

static DECLSPEC_NOINLINE int Divide(volatile int* by) {
    return 100 / *by;
}

static DECLSPEC_NOINLINE LONG64 Divide64(LONG64 what, volatile LONG64* by) {
    return what / *by;
}

static DECLSPEC_NOINLINE int DivideMinimum(volatile int* by) {
    volatile int minimum = (int)0x80000000;
    return minimum / *by;
}

/* Each way to name a divisor: a byte register, one of the high ones, an index, a place relative to code. */
static volatile USHORT one_half[2] = {0, 1};

static DECLSPEC_NOINLINE void DivideBy(int form, int divisor) {
    unsigned table[4];
    table[2] = (unsigned)divisor;
    one_half[1] = (USHORT)divisor;
    switch (form) {
        case 0:
            __asm__ __volatile__("divb %%cl" : : "a"(0xffff), "c"(divisor) : "cc");
            break;
        case 1:
            __asm__ __volatile__("divb %%ch" : : "a"(0xffff), "c"(divisor << 8) : "cc");
            break;
        case 2:
            __asm__ __volatile__("movl %0, %%r13d\n\tdivl %%r13d"
                                 :
                                 : "r"(divisor), "a"(1), "d"(70)
                                 : "r13", "cc");
            break;
        case 3:
            __asm__ __volatile__("divl 4(%0,%1,4)"
                                 :
                                 : "r"(table), "r"((ULONG64)1), "a"(1), "d"(70)
                                 : "cc", "memory");
            break;
        case 4:
            __asm__ __volatile__("movq %0, %%r12\n\tdivw (%%r12)"
                                 :
                                 : "r"(&one_half[1]), "a"(1), "d"(70)
                                 : "r12", "cc", "memory");
            break;
        default:
            __asm__ __volatile__("divq %0" : : "r"((ULONG64)(unsigned)divisor), "a"(1), "d"(70) : "cc");
            break;
    }
}

static DECLSPEC_NOINLINE NTSTATUS StatusOf(int form, int divisor) {
    __try {
        DivideBy(form, divisor);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static DECLSPEC_NOINLINE void Copy(void* to, const void* from, SIZE_T size) {
    RtlCopyMemory(to, from, size);
}

static DECLSPEC_NOINLINE void Raise(NTSTATUS status) {
    ExRaiseStatus(status);
}

static DECLSPEC_NOINLINE void RaiseUnlessZero(NTSTATUS status) {
    if (status != 0) ExRaiseStatus(status);
}

/* ---- what raises ---- */

static int KeepInformation(struct _EXCEPTION_POINTERS* information, EXCEPTION_RECORD* record,
                           CONTEXT* context) {
    *record = *information->ExceptionRecord;
    *context = *information->ContextRecord;
    return EXCEPTION_EXECUTE_HANDLER;
}

static void CheckFaults(const RtlChecks* checks) {
    NTSTATUS code = 0;
    EXCEPTION_RECORD record;
    CONTEXT context;
    volatile int zero = 0;
    __try {
        Read((int*)16);
    } __except (KeepInformation(GetExceptionInformation(), &record, &context)) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION && record.ExceptionCode == STATUS_ACCESS_VIOLATION);
    CHECK(record.NumberParameters == 2);
    CHECK(record.ExceptionInformation[0] == 0 && record.ExceptionInformation[1] == 16);
    CHECK((ULONG_PTR)record.ExceptionAddress == context.Rip);
    CHECK(context.Rsp < (ULONG_PTR)&context + 0x4000 && context.Rsp > (ULONG_PTR)&context - 0x4000);
    __try {
        Write((int*)32);
    } __except (KeepInformation(GetExceptionInformation(), &record, &context)) {
        Say('w');
    }
    CHECK(record.ExceptionInformation[0] == 1 && record.ExceptionInformation[1] == 32);
    code = 0;
    __try {
        Read((int*)0x8000000000000000);
    } __except (KeepInformation(GetExceptionInformation(), &record, &context)) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION && record.ExceptionInformation[1] == ~(ULONG_PTR)0);
    code = 0;
    __try {
        zero = Divide(&zero);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_INTEGER_DIVIDE_BY_ZERO);
}

static void CheckDivisions(const RtlChecks* checks) {
    NTSTATUS code = 0;
    volatile LONG64 by = -1;
    volatile int minus_one = -1;
    int form;
    __try {
        code = DivideMinimum(&minus_one);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_INTEGER_OVERFLOW);
    code = 0;
    __try {
        by = Divide64((LONG64)0x8000000000000000, &by);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_INTEGER_OVERFLOW);
    for (form = 0; form < 6; ++form) {
        CHECK(StatusOf(form, 0) == STATUS_INTEGER_DIVIDE_BY_ZERO);
        CHECK(StatusOf(form, 3) == STATUS_INTEGER_OVERFLOW);
    }
}

static void CheckRaised(const RtlChecks* checks) {
    NTSTATUS code = 0;
    EXCEPTION_RECORD record;
    CONTEXT context;
    __try {
        Raise(FIRST);
    } __except (KeepInformation(GetExceptionInformation(), &record, &context)) {
        code = GetExceptionCode();
    }
    CHECK(code == FIRST && record.ExceptionFlags == EXCEPTION_NONCONTINUABLE);
    CHECK((ULONG_PTR)record.ExceptionAddress == context.Rip);
    code = 0;
    __try {
        ExRaiseAccessViolation();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        ExRaiseDatatypeMisalignment();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_DATATYPE_MISALIGNMENT);
}

static void CheckPortico(const RtlChecks* checks) {
    NTSTATUS code = 0;
    UCHAR buffer[96];
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 2);
    __try {
        KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_SEMAPHORE_LIMIT_EXCEEDED && KeReadStateSemaphore(&semaphore) == 1);
    code = 0;
    RtlZeroMemory(buffer, sizeof buffer);
    __try {
        ProbeForRead((PVOID)(ULONG_PTR)0xFFFF800000000000, 4, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        ProbeForRead(buffer + 1, 4, 4);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_DATATYPE_MISALIGNMENT);
    code = 0;
    __try {
        Copy((PVOID)(ULONG_PTR)0x1000, buffer, sizeof buffer);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        Copy(buffer, (PVOID)(ULONG_PTR)0x1000, checks != NULL ? 8 : 7);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        CHECK(RtlCompareMemory(buffer, (PVOID)(ULONG_PTR)0x1000, 16) == 99);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
}

/* Initializing what is not there: the driver's handler may take it. */
static void CheckInitializing(const RtlChecks* checks) {
    NTSTATUS code = 0;
    __try {
        KeInitializeDpc(NULL, NULL, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        ExInitializeResourceLite(NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_ACCESS_VIOLATION);
}

/* ---- from one driver to another ---- */

static VOID NTAPI Callout(PVOID Parameter) {
    __try {
        Say('c');
        Raise(*(NTSTATUS*)Parameter);
    } __finally {
        Say('f');
    }
}

static NTSTATUS NTAPI DispatchThatRaises(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    (void)DeviceObject;
    (void)Irp;
    Say('d');
    Raise(SECOND);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI DispatchThatCompletes(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    (void)DeviceObject;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI KeepIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
    (void)DeviceObject;
    (void)Irp;
    (void)Context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void CheckCallbacks(const RtlChecks* checks) {
    static DRIVER_OBJECT lower_driver;
    static DEVICE_OBJECT lower;
    NTSTATUS parameter = FIRST, code = 0;
    PIRP irp = IoAllocateIrp(2, FALSE);
    Begin();
    __try {
        KeExpandKernelStackAndCallout(Callout, &parameter, 4096);
    } __except (Filter('E', 1)) {
        code = GetExceptionCode();
    }
    CHECK(code == FIRST && Happened("cEf"));
    Begin();
    lower.DriverObject = &lower_driver;
    lower_driver.MajorFunction[IRP_MJ_READ] = DispatchThatRaises;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    __try {
        IoCallDriver(&lower, irp);
    } __except (Filter('E', 1)) {
        code = GetExceptionCode();
    }
    CHECK(code == SECOND && Happened("dE"));
    /* The request is as if it had never been sent down that way. */
    lower_driver.MajorFunction[IRP_MJ_READ] = DispatchThatCompletes;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, KeepIrp, NULL, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(&lower, irp) == STATUS_SUCCESS);
    IoFreeIrp(irp);
}

/* ---- the ways out of a body ---- */

static int ReturnFromBody(int value) {
    __try {
        Say('b');
        if (value == 0) __leave;
        return value * 2;
    } __finally {
        Say(AbnormalTermination() ? 'f' : 'n');
        value = 1000;
    }
    return value;
}

static int ReturnFromExcept(int value) {
    __try {
        if (value > 0) return value + 1;
        RaiseUnlessZero(FIRST);
    } __except (Filter('F', 1)) {
        return -1;
    }
    return 0;
}

static void CheckReturn(const RtlChecks* checks) {
    Begin();
    CHECK(ReturnFromBody(21) == 42 && Happened("bf"));
    CHECK(ReturnFromBody(0) == 1000 && Happened("bfbn"));
    Begin();
    CHECK(ReturnFromExcept(5) == 6 && Happened(""));
    CHECK(ReturnFromExcept(0) == -1 && Happened("F"));
}

static void CheckLeave(const RtlChecks* checks) {
    volatile int reached = 0;
    Begin();
    __try {
        Say('a');
        if (checks != NULL) __leave;
        reached = 1;
    } __finally {
        Say(AbnormalTermination() ? 'x' : 'n');
    }
    __try {
        __try {
            if (checks != NULL) __leave;
            reached = 1;
        } __except (Filter('F', 1)) {
            reached = 1;
        }
        Say('o');
        __leave;
    } __finally {
        Say(AbnormalTermination() ? 'x' : 'n');
    }
    CHECK(!reached && Happened("anon"));
}

static void CheckLoops(const RtlChecks* checks) {
    int i;
    Begin();
    for (i = 0; i < 4; ++i) {
        __try {
            if (i == 1) continue;
            if (i == 3) break;
            Say('b');
        } __finally {
            Say(AbnormalTermination() ? 'x' : 'n');
        }
        Say('.');
    }
    CHECK(i == 3 && Happened("bn.xbn.x"));
    Begin();
    for (i = 0; i < 3; ++i) {
        __try {
            RaiseUnlessZero(i == 0 ? 0 : FIRST);
            Say('b');
        } __except (Filter('F', EXCEPTION_EXECUTE_HANDLER)) {
            if (i == 1) continue;
            break;
        }
        Say('.');
    }
    CHECK(i == 2 && Happened("b.FF"));
    Begin();
    switch (i) {
        case 2:
            __try {
                if (checks != NULL) break;
                Say('?');
            } __finally {
                Say('f');
            }
            Say('?');
            break;
        default:
            Say('?');
    }
    CHECK(Happened("f"));
}

static void CheckGoto(const RtlChecks* checks) {
    volatile int tries = 0;
    Begin();
again:
    ++tries;
    __try {
        __try {
            if (tries == 1) goto again;
            if (tries == 2) goto out;
            Say('?');
        } __finally {
            Say('i');
        }
        Say('?');
    } __finally {
        Say('o');
    }
    Say('?');
out:
    CHECK(tries == 2 && Happened("ioio"));
    Begin();
    tries = 0;
retry:
    __try {
        RaiseUnlessZero(tries < 3 ? FIRST : 0);
    } __except (Filter('F', 1)) {
        ++tries;
        goto retry;
    }
    CHECK(tries == 3 && Happened("FFF"));
}

/* ---- order ---- */

static void InnerOfOrder(void) {
    __try {
        __try {
            __try {
                Say('b');
                Raise(FIRST);
                Say('?');
            } __finally {
                Say(AbnormalTermination() ? 'x' : '?');
            }
        } __except (Filter('A', EXCEPTION_CONTINUE_SEARCH)) {
            Say('?');
        }
    } __finally {
        Say('y');
    }
    Say('?');
}

static void CheckOrder(const RtlChecks* checks) {
    Begin();
    __try {
        __try {
            InnerOfOrder();
            Say('?');
        } __except (Filter('B', GetExceptionCode() == SECOND)) {
            Say('?');
        }
    } __except (Filter('C', EXCEPTION_EXECUTE_HANDLER)) {
        Say('h');
    }
    CHECK(Happened("bABCxyh"));
}

static void CheckHandlerRaises(const RtlChecks* checks) {
    NTSTATUS code = 0;
    Begin();
    __try {
        __try {
            Raise(FIRST);
        } __except (Filter('A', 1)) {
            Say('a');
            Raise(SECOND);
            Say('?');
        }
    } __except (Filter('B', 1)) {
        code = GetExceptionCode();
    }
    CHECK(code == SECOND && Happened("AaB"));
}

static void CheckFinallyRaises(const RtlChecks* checks) {
    NTSTATUS code = 0;
    Begin();
    __try {
        __try {
            __try {
                Raise(FIRST);
            } __finally {
                Say('f');
                Raise(SECOND);
                Say('?');
            }
        } __finally {
            Say('g');
        }
    } __except (Filter(GetExceptionCode() == FIRST ? 'A' : 'B', 1)) {
        code = GetExceptionCode();
    }
    CHECK(code == SECOND && Happened("AfBg"));
}

static int FilterThatHandles(void) {
    __try {
        Say('t');
        Raise(SECOND);
    } __except (Filter('I', GetExceptionCode() == SECOND)) {
        Say('i');
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

static int FilterThatRaises(NTSTATUS code) {
    Say(code == FIRST ? 'A' : 'B');
    if (code == FIRST) Raise(SECOND);
    return EXCEPTION_EXECUTE_HANDLER;
}

static void CheckFilterRaises(const RtlChecks* checks) {
    NTSTATUS code = 0;
    Begin();
    __try {
        Raise(FIRST);
    } __except (FilterThatHandles()) {
        code = GetExceptionCode();
    }
    CHECK(code == FIRST && Happened("tIi"));
    Begin();
    __try {
        __try {
            Raise(FIRST);
        } __finally {
            Say('f');
        }
    } __except (FilterThatRaises(GetExceptionCode())) {
        code = GetExceptionCode();
    }
    CHECK(code == SECOND && Happened("ABf"));
}

/* ---- going on ---- */

static int StepOver(struct _EXCEPTION_POINTERS* information, NTSTATUS* code) {
    *code = information->ExceptionRecord->ExceptionCode;
    information->ContextRecord->Rip += 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static DECLSPEC_NOINLINE int Breakpoint(int value) {
    __asm__ volatile("int3" : "+r"(value));
    return value;
}

static void CheckContinue(const RtlChecks* checks) {
    NTSTATUS code = 0;
    volatile int value = 7;
    EXCEPTION_RECORD record;
    __try {
        value = Breakpoint(value) + 1;
    } __except (StepOver(GetExceptionInformation(), &code)) {
        value = 0;
    }
    CHECK(code == STATUS_BREAKPOINT && value == 8);
    RtlZeroMemory(&record, sizeof record);
    record.ExceptionCode = FIRST;
    record.NumberParameters = 1;
    record.ExceptionInformation[0] = 77;
    Begin();
    __try {
        Say('a');
        RtlRaiseException(&record);
        Say('b');
    } __except (Filter(GetExceptionInformation()->ExceptionRecord->ExceptionInformation[0] == 77 ? 'F' : '?',
                       EXCEPTION_CONTINUE_EXECUTION)) {
        Say('?');
    }
    CHECK(Happened("aFb"));
    Begin();
    __try {
        Raise(FIRST);
    } __except (GetExceptionCode() == FIRST ? Filter('A', EXCEPTION_CONTINUE_EXECUTION) : Filter('B', 1)) {
        code = GetExceptionCode();
    }
    CHECK(code == STATUS_NONCONTINUABLE_EXCEPTION && Happened("AB"));
}

/* ---- out of a __finally block ---- */

#ifndef PORTICO_SYS /* undefined for clang there */

static int ReturnFromFinally(int value) {
    __try {
        Say('b');
        RaiseUnlessZero(value == 0 ? FIRST : 0);
    } __finally {
        Say('f');
        return value + 1;
    }
    return -1;
}

static int LoopInFinally(void) {
    volatile int i;
    for (i = 0; i < 3; ++i) {
        __try {
            if (i < 2) Raise(FIRST);
        } __finally {
            Say('f');
            continue;
        }
    }
    return i;
}

static void CheckFinallyLeft(const RtlChecks* checks) {
    volatile int before = 1, got = 0;
    Begin();
    __try {
        got = ReturnFromFinally(0);
        before += 1;
        got += ReturnFromFinally(5) * 10;
        got += LoopInFinally() * 100;
    } __except (Filter('E', 1)) {
        got = -1;
    }
    CHECK(got == 1 + 60 + 300 && before == 2 && Happened("bEfbfEfEff"));
}

#endif

/* ---- what is in the frame ---- */

static int ChangeInFilter(int* place) {
    *place += 100;
    return EXCEPTION_EXECUTE_HANDLER;
}

/* clang 14 loses its way to the variables of a realigned frame from a .sys' filter. */
#ifdef PORTICO_SYS
#define WIDE 16
#else
#define WIDE 64
#endif

static int Locals(int a, double b, __int64 c, UCHAR* d, int e, int f) {
    int sum = a;
    double scale = b;
    DECLSPEC_ALIGN(WIDE) int wide[16];
    int i;
    for (i = 0; i < 16; ++i) wide[i] = i;
    __try {
        sum += 1;
        scale *= 2;
        wide[3] = 30;
        Raise(FIRST);
        sum += 1000;
    } __except (ChangeInFilter(&sum) + (wide[3] == 30 && ((ULONG_PTR)wide & (WIDE - 1)) == 0 ? 0 : -1)) {
        sum += wide[3];
        scale += 0.5;
    }
    return sum + (int)(scale * 2) + (int)c + d[0] + e + f;
}

static int Recurse(int depth) {
    int here = depth;
    __try {
        if (depth == 0) Raise(FIRST);
        Recurse(depth - 1);
    } __finally {
        Say((char)('a' + here));
    }
    return here;
}

static void CheckFrames(const RtlChecks* checks) {
    UCHAR byte = 5;
    int depth = -1;
    CHECK(Locals(10, 1.5, 100000, &byte, 3, 4) == 10 + 1 + 100 + 30 + 7 + 100000 + 5 + 3 + 4);
    Begin();
    __try {
        depth = Recurse(6);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Say('h');
    }
    CHECK(depth == -1 && Happened("abcdefgh"));
}

static void CheckManyTimes(const RtlChecks* checks) {
    int i, caught = 0, finished = 0;
    for (i = 0; i < 5000; ++i) {
        __try {
            __try {
                if (i & 1) Raise(FIRST);
                Read((int*)64);
            } __finally {
                ++finished;
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            ++caught;
        }
    }
    CHECK(caught == 5000 && finished == 5000);
}

static void CheckIrql(const RtlChecks* checks) {
    KIRQL old, inside = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    __try {
        Raise(FIRST);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        inside = KeGetCurrentIrql();
    }
    KeLowerIrql(old);
    CHECK(inside == DISPATCH_LEVEL);
}

static int ChangedInFinally(int raise) {
    int value = 0;
    __try {
        __try {
            value = 5;
            if (raise) Raise(FIRST);
        } __finally {
            value += AbnormalTermination() ? 2 : 1;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return 1000 + value;
    }
    return value;
}

/* What a __finally block did to a variable the handler sees, however the compiler keeps it. */
static void CheckValues(const RtlChecks* checks) {
    CHECK(ChangedInFinally(1) == 1007);
    CHECK(ChangedInFinally(0) == 6);
}

#ifdef __cplusplus

class Guard {
  public:
    Guard(char letter) : letter_(letter) { Say('('); }
    ~Guard() { Say(letter_); }
    int Try(int value) {
        __try {
            {
                Guard inner('i');
                if (value == 1) return 10;
            }
            RaiseUnlessZero(value == 2 ? FIRST : 0);
        } __except (Filter(letter_, 1)) {
            return 20;
        }
        return 30;
    }

  private:
    char letter_;
};

template <class T>
T Twice(T value) {
    __try {
        if (value > 10) Raise(FIRST);
        value += value;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        value = 0;
    }
    return value;
}

static void CheckObjects(const RtlChecks* checks) {
    Begin();
    {
        Guard guard('g');
        CHECK(guard.Try(1) == 10 && Happened("((i"));
        CHECK(guard.Try(3) == 30 && Happened("((i(i"));
        CHECK(guard.Try(2) == 20 && Happened("((i(i(ig"));
    }
    CHECK(Happened("((i(i(igg"));
    CHECK(Twice(4) == 8 && Twice(11) == 0 && Twice<LONGLONG>(5) == 10);
}

extern "C"
#endif
    NTSTATUS
    DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    const RtlChecks* checks = (const RtlChecks*)DriverObject;
    (void)RegistryPath;
    CheckFaults(checks);
    CheckDivisions(checks);
    CheckRaised(checks);
    CheckPortico(checks);
    CheckInitializing(checks);
    CheckCallbacks(checks);
    CheckReturn(checks);
    CheckLeave(checks);
    CheckLoops(checks);
    CheckGoto(checks);
    CheckOrder(checks);
    CheckValues(checks);
    CheckHandlerRaises(checks);
    CheckFinallyRaises(checks);
    CheckFilterRaises(checks);
    CheckContinue(checks);
#ifndef PORTICO_SYS
    CheckFinallyLeft(checks);
#endif
    CheckFrames(checks);
    CheckManyTimes(checks);
    CheckIrql(checks);
#ifdef __cplusplus
    CheckObjects(checks);
#endif
    return STATUS_SUCCESS;
}
