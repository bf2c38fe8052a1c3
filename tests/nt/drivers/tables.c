/* Generic tables as a driver in C uses them that wants AVL trees under the old names. */
#define RTL_USE_AVL_TABLES 0
#include "rtl_checks.h"

#include <excpt.h>

NTSTATUS NTAPI DriverEntry(RtlChecks* checks, void* unused);

typedef struct Name {
    ULONG number;
    CHAR text[12];
} Name;

static BOOLEAN raises;

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare(PRTL_GENERIC_TABLE table, PVOID first, PVOID second) {
    ULONG a = ((Name*)first)->number;
    ULONG b = ((Name*)second)->number;
    (void)table;
    if (raises) ExRaiseStatus(STATUS_DATA_ERROR);
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI allocate(PRTL_GENERIC_TABLE table, CLONG size) {
    ++*(ULONG*)table->TableContext;
    return ExAllocatePoolWithTag(PagedPool, size, 'lbaT');
}

static VOID NTAPI release(PRTL_GENERIC_TABLE table, PVOID buffer) {
    --*(ULONG*)table->TableContext;
    ExFreePoolWithTag(buffer, 'lbaT');
}

static NTSTATUS look_up_raising(PRTL_GENERIC_TABLE table, Name* key) {
    NTSTATUS status = STATUS_SUCCESS;
    raises = TRUE;
    __try {
        RtlLookupElementGenericTable(table, key);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    raises = FALSE;
    return status;
}

NTSTATUS NTAPI DriverEntry(RtlChecks* checks, void* unused) {
    RTL_GENERIC_TABLE table;
    ULONG alive = 0;
    ULONG i;
    Name name = {0, "name"};
    Name* found;
    PVOID restart = NULL;
    BOOLEAN made = FALSE;
    (void)unused;

    RtlInitializeGenericTable(&table, compare, allocate, release, &alive);
    CHECK(RtlIsGenericTableEmpty(&table));
    for (i = 0; i < 100; ++i) {
        name.number = i * 7 % 100;
        RtlInsertElementGenericTable(&table, &name, sizeof(name), &made);
        if (!made) break;
    }
    CHECK(i == 100);
    CHECK(alive == 100);
    CHECK(RtlNumberGenericTableElements(&table) == 100);
    CHECK(table.DepthOfTree == 7 || table.DepthOfTree == 8);
    name.number = 42;
    found = (Name*)RtlLookupElementGenericTable(&table, &name);
    CHECK(found != NULL && found != &name && found->number == 42 && found->text[3] == 'e');
    CHECK(look_up_raising(&table, &name) == STATUS_DATA_ERROR);
    CHECK(RtlLookupElementGenericTable(&table, &name) == found);
    for (i = 0; (found = (Name*)RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) != NULL; ++i) {
        if (found->number != i) break;
    }
    CHECK(i == 100);
    found = (Name*)RtlGetElementGenericTable(&table, 17);
    CHECK(found != NULL && found->number == 17);
    CHECK(RtlDeleteElementGenericTable(&table, &name));
    CHECK(!RtlDeleteElementGenericTable(&table, &name));
    while ((found = (Name*)RtlEnumerateGenericTable(&table, TRUE)) != NULL) {
        if (!RtlDeleteElementGenericTable(&table, found)) break;
    }
    CHECK(RtlIsGenericTableEmpty(&table));
    CHECK(alive == 0);
    return STATUS_SUCCESS;
}
