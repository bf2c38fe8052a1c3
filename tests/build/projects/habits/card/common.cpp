#define INITGUID
#include "..\INC\COMMON.H"
#include "Common.tmh"

static ULONG PowersOfTwo[];

// A big object, and operator new that gives none.
struct CHuge {
    UCHAR Bytes[0x50000000];
    CHuge() { Bytes[0] = 1; }
};

#pragma code_seg("PAGE")

CCard::CCard(PDEVICE_OBJECT DeviceObject) : m_DeviceObject(DeviceObject), m_Calls(0) {}

NTSTATUS CCard::Init() {
    PAGED_CODE();
    TraceCard(TRACE_LEVEL_VERBOSE, Card, "starting %d", CARD_ID);
    KeInitializeEvent(&m_Done, NotificationEvent, FALSE);
    KeInitializeDpc(&m_Dpc, CardDpc, this);
    KeInsertQueueDpc(&m_Dpc, NULL, NULL);
    CardTick(this, 2);
    NTSTATUS ntStatus = CardWork(this);
    if (NT_SUCCESS(ntStatus)) ntStatus = KeWaitForSingleObject(&m_Done, Executive, KernelMode, FALSE, NULL);
    return ntStatus;
}

PCSTR CCard::Name() {
    return __FUNCTION__ ", card";
}

NTSTATUS NewCard(OUT CCard** Card, IN PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    *Card = new (NonPagedPool, CARD_TAG) CCard(DeviceObject);
    if (!*Card) return STATUS_INSUFFICIENT_RESOURCES;
    return (*Card)->Init();
}

static ULONG Power(ULONG Wanted) {
    for (int i = 0; PowersOfTwo[i] != 0; i++) {
        if (PowersOfTwo[i] >= Wanted) break;
    }
    return PowersOfTwo[i];
}

NTSTATUS CheckHabits(IN CCard* Card) {
    static const UCHAR bytes[] = {1, 2, 3};
    ENTER("checking");
    if (strcmp(Card->Name(), "CCard::Name, card")) return STATUS_OBJECT_NAME_INVALID;
    if (Card->Calls() != 6) return STATUS_INVALID_DEVICE_STATE;
    if (Power(5) != 8) return STATUS_INVALID_PARAMETER_1;
    if (PlainSum(bytes, sizeof(bytes)) != 6 || !PlainWide()) return STATUS_INVALID_PARAMETER_2;
    if (new (NonPagedPool, CARD_TAG) CHuge) return STATUS_INVALID_PARAMETER_3;
    // In Windows-1252 it is one byte; as a wide character it is U+00E9.
    if (sizeof("é") != 2 || L"é"[0] != 0xE9) return STATUS_INVALID_PARAMETER_4;
    if (CARD_ID != 7 || CHECKED_BUILD != DBG) return STATUS_INVALID_PARAMETER_5;
    unsigned short letter = 0, *wide = &letter;
    *wide = L'a';
#ifdef SHORT_WCHAR
    wide = L"short";
#endif
    return g_News == 1 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_6;
}

#pragma code_seg()

NTSTATUS CCard::Count(CCard* Card, ULONG By) {
    Card->m_Calls += By;
    return STATUS_SUCCESS;
}

static NTSTATUS CardWork(CCard* Card) {
    return CCard::Count(Card, 1);
}

VOID NTAPI CardTick(IN CCard* Card, IN ULONG By) {
    CCard::Count(Card, By);
}

VOID CardDpc(PKDPC Dpc, PVOID Context, PVOID, PVOID) {
    CCard* that = (CCard*)Context;
    CCard::Count(that, 3);
    KeSetEvent(&that->m_Done, 0, FALSE);
}

static ULONG PowersOfTwo[] = {1, 2, 4, 8, 16, 0};
