#ifndef COMMON_H
#define COMMON_H

#define _NEW_DELETE_OPERATORS_
#include <PortCls.h>
#include <StdUnk.h>
#include <KsDebug.h>
#include "Plain.h"
#include "trace.h"

#define CARD_TAG 'braH'

// The operators are the driver's own, written when nobody had heard of noexcept.
void* __cdecl operator new(size_t Size, POOL_TYPE PoolType, ULONG Tag);
void __cdecl operator delete(void* Memory);

extern ULONG g_News, g_Deletes;

class CCard {
  private:
    PDEVICE_OBJECT m_DeviceObject;
    KDPC m_Dpc;
    KEVENT m_Done;
    ULONG m_Calls;

    static NTSTATUS Count(CCard* Card, ULONG By);

    friend static NTSTATUS CardWork(CCard* Card);
    friend KDEFERRED_ROUTINE CardDpc;
    friend VOID NTAPI CardTick(IN CCard* Card, IN ULONG By);

  public:
    CCard(PDEVICE_OBJECT DeviceObject);
    NTSTATUS Init();
    PCSTR Name();
    ULONG Calls() { return m_Calls; }
};

NTSTATUS NewCard(OUT CCard** Card, IN PDEVICE_OBJECT DeviceObject);
NTSTATUS CheckHabits(IN CCard* Card);

#endif
