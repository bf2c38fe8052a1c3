/* Compiler intrinsics of Microsoft's C for drivers: those of wdm.h, the interlocked operations, the vector
   unit (the compiler's own headers), and the ports by the names of 16-bit compilers. */
#ifndef __INTRIN_H_
#define __INTRIN_H_

#include <crtdefs.h>
#include <emmintrin.h>

#include <ddi/interlocked.h>
#include <ddi/intrinsics.h>

EXTERN_C_START

/* The compiler would emit the instructions. */
NTKERNELAPI VOID NTAPI YieldProcessor(VOID);
unsigned __int64 PorticoReadTimeStampCounterP(unsigned int* Aux);
#define _mm_pause() YieldProcessor()
#define __rdtscp(Aux) PorticoReadTimeStampCounterP(Aux)

int __cdecl inp(unsigned short Port);
unsigned short __cdecl inpw(unsigned short Port);
unsigned long __cdecl inpd(unsigned short Port);
int __cdecl outp(unsigned short Port, int Data);
unsigned short __cdecl outpw(unsigned short Port, unsigned short Data);
unsigned long __cdecl outpd(unsigned short Port, unsigned long Data);
int __cdecl _inp(unsigned short Port);
unsigned short __cdecl _inpw(unsigned short Port);
unsigned long __cdecl _inpd(unsigned short Port);
int __cdecl _outp(unsigned short Port, int Data);
unsigned short __cdecl _outpw(unsigned short Port, unsigned short Data);
unsigned long __cdecl _outpd(unsigned short Port, unsigned long Data);

EXTERN_C_END

#endif
