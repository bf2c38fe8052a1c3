/* Interlocked operations. They are calls, not instructions: each is a scheduling point (FLD-023). */
#pragma once

#include <ntdef.h>

EXTERN_C_START

NTKERNELAPI LONG FASTCALL InterlockedIncrement(LONG volatile* Addend);
NTKERNELAPI LONG FASTCALL InterlockedDecrement(LONG volatile* Addend);
NTKERNELAPI LONG FASTCALL InterlockedExchange(LONG volatile* Target, LONG Value);
NTKERNELAPI LONG FASTCALL InterlockedExchangeAdd(LONG volatile* Addend, LONG Value);
NTKERNELAPI LONG FASTCALL InterlockedCompareExchange(LONG volatile* Destination, LONG Exchange,
                                                     LONG Comperand);
NTKERNELAPI LONG FASTCALL InterlockedAnd(LONG volatile* Destination, LONG Value);
NTKERNELAPI LONG FASTCALL InterlockedOr(LONG volatile* Destination, LONG Value);
NTKERNELAPI LONG FASTCALL InterlockedXor(LONG volatile* Destination, LONG Value);
NTKERNELAPI LONG FASTCALL InterlockedAdd(LONG volatile* Addend, LONG Value);
NTKERNELAPI UCHAR FASTCALL InterlockedBitTestAndSet(LONG volatile* Base, LONG Bit);
NTKERNELAPI UCHAR FASTCALL InterlockedBitTestAndReset(LONG volatile* Base, LONG Bit);
NTKERNELAPI UCHAR FASTCALL InterlockedBitTestAndSet64(LONG64 volatile* Base, LONG64 Bit);
NTKERNELAPI UCHAR FASTCALL InterlockedBitTestAndReset64(LONG64 volatile* Base, LONG64 Bit);
NTKERNELAPI SHORT FASTCALL InterlockedIncrement16(SHORT volatile* Addend);
NTKERNELAPI SHORT FASTCALL InterlockedDecrement16(SHORT volatile* Addend);
NTKERNELAPI SHORT FASTCALL InterlockedExchange16(SHORT volatile* Target, SHORT Value);
NTKERNELAPI SHORT FASTCALL InterlockedCompareExchange16(SHORT volatile* Destination, SHORT Exchange,
                                                        SHORT Comperand);
NTKERNELAPI SHORT FASTCALL InterlockedAnd16(SHORT volatile* Destination, SHORT Value);
NTKERNELAPI SHORT FASTCALL InterlockedOr16(SHORT volatile* Destination, SHORT Value);
NTKERNELAPI SHORT FASTCALL InterlockedXor16(SHORT volatile* Destination, SHORT Value);
NTKERNELAPI CHAR FASTCALL InterlockedExchange8(CHAR volatile* Target, CHAR Value);
NTKERNELAPI CHAR FASTCALL InterlockedAnd8(CHAR volatile* Destination, CHAR Value);
NTKERNELAPI CHAR FASTCALL InterlockedOr8(CHAR volatile* Destination, CHAR Value);
NTKERNELAPI CHAR FASTCALL InterlockedXor8(CHAR volatile* Destination, CHAR Value);
NTKERNELAPI LONG64 FASTCALL InterlockedIncrement64(LONG64 volatile* Addend);
NTKERNELAPI LONG64 FASTCALL InterlockedDecrement64(LONG64 volatile* Addend);
NTKERNELAPI LONG64 FASTCALL InterlockedExchange64(LONG64 volatile* Target, LONG64 Value);
NTKERNELAPI LONG64 FASTCALL InterlockedExchangeAdd64(LONG64 volatile* Addend, LONG64 Value);
NTKERNELAPI LONG64 FASTCALL InterlockedCompareExchange64(LONG64 volatile* Destination, LONG64 Exchange,
                                                         LONG64 Comperand);
NTKERNELAPI LONG64 FASTCALL InterlockedAnd64(LONG64 volatile* Destination, LONG64 Value);
NTKERNELAPI LONG64 FASTCALL InterlockedOr64(LONG64 volatile* Destination, LONG64 Value);
NTKERNELAPI LONG64 FASTCALL InterlockedXor64(LONG64 volatile* Destination, LONG64 Value);
NTKERNELAPI LONG64 FASTCALL InterlockedAdd64(LONG64 volatile* Addend, LONG64 Value);
/* ComparandResult receives the old value; TRUE when it was equal and the exchange happened. Destination is
 * 16-byte aligned. */
NTKERNELAPI BOOLEAN FASTCALL InterlockedCompareExchange128(LONG64 volatile* Destination, LONG64 ExchangeHigh,
                                                           LONG64 ExchangeLow, LONG64* ComparandResult);
NTKERNELAPI PVOID FASTCALL InterlockedExchangePointer(PVOID volatile* Target, PVOID Value);
NTKERNELAPI PVOID FASTCALL InterlockedCompareExchangePointer(PVOID volatile* Destination, PVOID Exchange,
                                                             PVOID Comperand);

EXTERN_C_END

#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedIncrementNoFence InterlockedIncrement
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedDecrementNoFence InterlockedDecrement
#define InterlockedExchangeAcquire InterlockedExchange
#define InterlockedExchangeNoFence InterlockedExchange
#define InterlockedExchangeAddAcquire InterlockedExchangeAdd
#define InterlockedExchangeAddRelease InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence InterlockedExchangeAdd
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedAndAcquire InterlockedAnd
#define InterlockedAndRelease InterlockedAnd
#define InterlockedAndNoFence InterlockedAnd
#define InterlockedOrAcquire InterlockedOr
#define InterlockedOrRelease InterlockedOr
#define InterlockedOrNoFence InterlockedOr
#define InterlockedXorAcquire InterlockedXor
#define InterlockedXorRelease InterlockedXor
#define InterlockedXorNoFence InterlockedXor
#define InterlockedAddAcquire InterlockedAdd
#define InterlockedAddRelease InterlockedAdd
#define InterlockedAddNoFence InterlockedAdd
#define InterlockedIncrementAcquire64 InterlockedIncrement64
#define InterlockedIncrementRelease64 InterlockedIncrement64
#define InterlockedIncrementNoFence64 InterlockedIncrement64
#define InterlockedDecrementAcquire64 InterlockedDecrement64
#define InterlockedDecrementRelease64 InterlockedDecrement64
#define InterlockedDecrementNoFence64 InterlockedDecrement64
#define InterlockedExchangeAcquire64 InterlockedExchange64
#define InterlockedExchangeNoFence64 InterlockedExchange64
#define InterlockedExchangeAddNoFence64 InterlockedExchangeAdd64
#define InterlockedCompareExchangeAcquire64 InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease64 InterlockedCompareExchange64
#define InterlockedCompareExchangeNoFence64 InterlockedCompareExchange64
#define InterlockedAddNoFence64 InterlockedAdd64
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer
#define InterlockedExchangeAddSizeT(a, b) InterlockedExchangeAdd64((LONG64 volatile*)(a), b)
#define InterlockedExchangeAddSizeTNoFence InterlockedExchangeAddSizeT
#define InterlockedIncrementSizeT(a) InterlockedIncrement64((LONG64 volatile*)(a))
#define InterlockedIncrementSizeTNoFence InterlockedIncrementSizeT
#define InterlockedDecrementSizeT(a) InterlockedDecrement64((LONG64 volatile*)(a))
#define InterlockedDecrementSizeTNoFence InterlockedDecrementSizeT

#define RtlInterlockedSetBits(Flags, Flag) InterlockedOr((PLONG)(Flags), Flag)
#define RtlInterlockedSetBitsDiscardReturn(Flags, Flag) ((void)InterlockedOr((PLONG)(Flags), Flag))
#define RtlInterlockedClearBits(Flags, Flag) InterlockedAnd((PLONG)(Flags), ~(Flag))
#define RtlInterlockedClearBitsDiscardReturn(Flags, Flag) ((void)InterlockedAnd((PLONG)(Flags), ~(Flag)))
#define RtlInterlockedAndBits(Flags, Flag) InterlockedAnd((PLONG)(Flags), Flag)
#define RtlInterlockedXorBits(Flags, Flag) InterlockedXor((PLONG)(Flags), Flag)

#ifndef PORTICO_HOST
/* The compiler's names of the same; without these it would emit instructions. */
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedXor InterlockedXor
#define _InterlockedAdd InterlockedAdd
#define _interlockedbittestandset InterlockedBitTestAndSet
#define _interlockedbittestandreset InterlockedBitTestAndReset
#define _interlockedbittestandset64 InterlockedBitTestAndSet64
#define _interlockedbittestandreset64 InterlockedBitTestAndReset64
#define _InterlockedIncrement16 InterlockedIncrement16
#define _InterlockedDecrement16 InterlockedDecrement16
#define _InterlockedExchange16 InterlockedExchange16
#define _InterlockedCompareExchange16 InterlockedCompareExchange16
#define _InterlockedAnd16 InterlockedAnd16
#define _InterlockedOr16 InterlockedOr16
#define _InterlockedXor16 InterlockedXor16
#define _InterlockedExchange8 InterlockedExchange8
#define _InterlockedAnd8 InterlockedAnd8
#define _InterlockedOr8 InterlockedOr8
#define _InterlockedXor8 InterlockedXor8
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement64 InterlockedDecrement64
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedAnd64 InterlockedAnd64
#define _InterlockedOr64 InterlockedOr64
#define _InterlockedXor64 InterlockedXor64
#define _InterlockedAdd64 InterlockedAdd64
#define _InterlockedCompareExchange128 InterlockedCompareExchange128
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#endif
