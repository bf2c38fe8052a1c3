/* Compiler intrinsics that wdm.h declares. What touches the simulated machine (ports, IRQL, interrupts, time)
   is a call of an exported function and so a scheduling point (FLD-023, FLD-054); the rest is the compiler's
   own. Drivers only. */
#pragma once

#include <ntdef.h>

EXTERN_C_START

/* Ports */
unsigned char __inbyte(unsigned short Port);
unsigned short __inword(unsigned short Port);
unsigned long __indword(unsigned short Port);
void __outbyte(unsigned short Port, unsigned char Data);
void __outword(unsigned short Port, unsigned short Data);
void __outdword(unsigned short Port, unsigned long Data);
void __inbytestring(unsigned short Port, unsigned char* Buffer, unsigned long Count);
void __inwordstring(unsigned short Port, unsigned short* Buffer, unsigned long Count);
void __indwordstring(unsigned short Port, unsigned long* Buffer, unsigned long Count);
void __outbytestring(unsigned short Port, unsigned char* Buffer, unsigned long Count);
void __outwordstring(unsigned short Port, unsigned short* Buffer, unsigned long Count);
void __outdwordstring(unsigned short Port, unsigned long* Buffer, unsigned long Count);

/* The processor */
unsigned __int64 __readcr8(void);
void __writecr8(unsigned __int64 Data);
unsigned __int64 __readeflags(void);
void __writeeflags(unsigned __int64 Value);
void __cdecl _disable(void);
void __cdecl _enable(void);
void __cpuid(int CpuInfo[4], int Function);
void __cpuidex(int CpuInfo[4], int Function, int SubLeaf);
NTSYSAPI VOID NTAPI DbgBreakPoint(VOID);
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                                                      ULONG_PTR BugCheckParameter2,
                                                      ULONG_PTR BugCheckParameter3,
                                                      ULONG_PTR BugCheckParameter4);
#define __debugbreak() DbgBreakPoint()
#define __fastfail(Code) KeBugCheckEx(0x139, (Code), 0, 0, 0)
/* The compiler would emit the instruction. */
unsigned __int64 PorticoReadTimeStampCounter(void);
#define __rdtsc() PorticoReadTimeStampCounter()
#define ReadTimeStampCounter() PorticoReadTimeStampCounter()

/* Order of accesses, for the compiler and for the processor */
#define _ReadWriteBarrier() __asm__ __volatile__("" ::: "memory")
#define _ReadBarrier() _ReadWriteBarrier()
#define _WriteBarrier() _ReadWriteBarrier()
#define __faststorefence() __sync_synchronize()
#define __nop() __asm__ __volatile__("nop")

/* Bits: built into the compiler once declared */
unsigned char _BitScanForward(unsigned long* Index, unsigned long Mask);
unsigned char _BitScanReverse(unsigned long* Index, unsigned long Mask);
unsigned char _BitScanForward64(unsigned long* Index, unsigned __int64 Mask);
unsigned char _BitScanReverse64(unsigned long* Index, unsigned __int64 Mask);
unsigned char _bittest(const long* Base, long Bit);
unsigned char _bittestandset(long* Base, long Bit);
unsigned char _bittestandreset(long* Base, long Bit);
unsigned char _bittestandcomplement(long* Base, long Bit);
unsigned char _bittest64(const __int64* Base, __int64 Bit);
unsigned char _bittestandset64(__int64* Base, __int64 Bit);
unsigned char _bittestandreset64(__int64* Base, __int64 Bit);
unsigned char _bittestandcomplement64(__int64* Base, __int64 Bit);
unsigned int __cdecl _rotl(unsigned int Value, int Shift);
unsigned int __cdecl _rotr(unsigned int Value, int Shift);
unsigned long __cdecl _lrotl(unsigned long Value, int Shift);
unsigned long __cdecl _lrotr(unsigned long Value, int Shift);
unsigned __int64 __cdecl _rotl64(unsigned __int64 Value, int Shift);
unsigned __int64 __cdecl _rotr64(unsigned __int64 Value, int Shift);
unsigned char _rotl8(unsigned char Value, unsigned char Shift);
unsigned char _rotr8(unsigned char Value, unsigned char Shift);
unsigned short _rotl16(unsigned short Value, unsigned char Shift);
unsigned short _rotr16(unsigned short Value, unsigned char Shift);
unsigned short __popcnt16(unsigned short Value);
unsigned int __popcnt(unsigned int Value);
unsigned __int64 __popcnt64(unsigned __int64 Value);
void* _ReturnAddress(void);
void* _AddressOfReturnAddress(void);
__int64 _mul128(__int64 Multiplier, __int64 Multiplicand, __int64* HighProduct);
unsigned __int64 _umul128(unsigned __int64 Multiplier, unsigned __int64 Multiplicand,
                          unsigned __int64* HighProduct);
__int64 __mulh(__int64 a, __int64 b);
unsigned __int64 __umulh(unsigned __int64 a, unsigned __int64 b);

#ifndef PORTICO_BYTE_ORDER
#define PORTICO_BYTE_ORDER
static __inline unsigned short __cdecl _byteswap_ushort(unsigned short _X) {
    return __builtin_bswap16(_X);
}
static __inline unsigned long __cdecl _byteswap_ulong(unsigned long _X) {
    return __builtin_bswap32(_X);
}
static __inline unsigned __int64 __cdecl _byteswap_uint64(unsigned __int64 _X) {
    return __builtin_bswap64(_X);
}
#endif

/* Repeated stores and moves */
#define PORTICO_REPEATED(_Suffix, _Type)                                                          \
    static __inline void __stos##_Suffix(_Type* Destination, _Type Data, size_t Count) {          \
        volatile _Type* To = Destination;                                                         \
        while (Count-- != 0) *To++ = Data;                                                        \
    }                                                                                             \
    static __inline void __movs##_Suffix(_Type* Destination, _Type const* Source, size_t Count) { \
        volatile _Type* To = Destination;                                                         \
        while (Count-- != 0) *To++ = *Source++;                                                   \
    }
PORTICO_REPEATED(w, unsigned short)
PORTICO_REPEATED(d, unsigned long)
PORTICO_REPEATED(q, unsigned __int64)
static __inline void __movsb(unsigned char* Destination, unsigned char const* Source, size_t Count) {
    volatile unsigned char* To = Destination;
    while (Count-- != 0) *To++ = *Source++;
}
void __stosb(unsigned char* Destination, unsigned char Data, size_t Count);

EXTERN_C_END

#define BitScanForward _BitScanForward
#define BitScanReverse _BitScanReverse
#define BitScanForward64 _BitScanForward64
#define BitScanReverse64 _BitScanReverse64
#define BitTest _bittest
#define BitTestAndSet _bittestandset
#define BitTestAndReset _bittestandreset
#define BitTestAndComplement _bittestandcomplement
#define BitTest64 _bittest64
#define BitTestAndSet64 _bittestandset64
#define BitTestAndReset64 _bittestandreset64
#define RotateLeft8 _rotl8
#define RotateRight8 _rotr8
#define RotateLeft16 _rotl16
#define RotateRight16 _rotr16
#define RotateLeft32 _rotl
#define RotateRight32 _rotr
#define RotateLeft64 _rotl64
#define RotateRight64 _rotr64
#define PopulationCount64 __popcnt64
#define MultiplyHigh __mulh
#define UnsignedMultiplyHigh __umulh
#define Multiply128 _mul128
#define UnsignedMultiply128 _umul128
