/* Arithmetic and conversions that say when a result does not fit: STATUS_INTEGER_OVERFLOW, and all ones in
   the result. Drivers only. */
#ifndef _NTINTSAFE_H_INCLUDED_
#define _NTINTSAFE_H_INCLUDED_

#include <limits.h>
#include <ntdef.h>
#include <ntstatus.h>
#include <stdint.h>

EXTERN_C_START

/* The limits of types that have none in limits.h and stdint.h. */
#define BYTE_MAX 0xff
#define SHORT_MIN (-32768)
#define SHORT_MAX 32767
#define USHORT_MAX 0xffff
#define WORD_MAX 0xffff
#define DWORD_MAX 0xffffffffUL
#define LONGLONG_MIN INT64_MIN
#define LONGLONG_MAX INT64_MAX
#define LONG64_MIN INT64_MIN
#define LONG64_MAX INT64_MAX
#define ULONGLONG_MAX UINT64_MAX
#define DWORDLONG_MAX UINT64_MAX
#define ULONG64_MAX UINT64_MAX
#define DWORD64_MAX UINT64_MAX
#define INT_PTR_MIN INT64_MIN
#define INT_PTR_MAX INT64_MAX
#define UINT_PTR_MAX UINT64_MAX
#define LONG_PTR_MIN INT64_MIN
#define LONG_PTR_MAX INT64_MAX
#define ULONG_PTR_MAX UINT64_MAX
#define DWORD_PTR_MAX UINT64_MAX
#define PTRDIFF_T_MIN INT64_MIN
#define PTRDIFF_T_MAX INT64_MAX
#define SIZE_T_MAX UINT64_MAX
#define SSIZE_T_MIN INT64_MIN
#define SSIZE_T_MAX INT64_MAX

#define PORTICO_INTEGER_RESULT(_Type, _Overflows) \
    _Type Result;                                 \
    if (_Overflows) {                             \
        *pResult = (_Type)-1;                     \
        return STATUS_INTEGER_OVERFLOW;           \
    }                                             \
    *pResult = Result;                            \
    return STATUS_SUCCESS;

#define PORTICO_ARITHMETIC(_Name, _Type)                                                              \
    static __inline NTSTATUS Rtl##_Name##Add(_Type Augend, _Type Addend, _Type* pResult) {            \
        PORTICO_INTEGER_RESULT(_Type, __builtin_add_overflow(Augend, Addend, &Result))                \
    }                                                                                                 \
    static __inline NTSTATUS Rtl##_Name##Sub(_Type Minuend, _Type Subtrahend, _Type* pResult) {       \
        PORTICO_INTEGER_RESULT(_Type, __builtin_sub_overflow(Minuend, Subtrahend, &Result))           \
    }                                                                                                 \
    static __inline NTSTATUS Rtl##_Name##Mult(_Type Multiplicand, _Type Multiplier, _Type* pResult) { \
        PORTICO_INTEGER_RESULT(_Type, __builtin_mul_overflow(Multiplicand, Multiplier, &Result))      \
    }

#define PORTICO_CONVERSION(_From, _FromType, _To, _ToType)                              \
    static __inline NTSTATUS Rtl##_From##To##_To(_FromType Operand, _ToType* pResult) { \
        PORTICO_INTEGER_RESULT(_ToType, __builtin_add_overflow(Operand, 0, &Result))    \
    }

/* Every type converts to every other. */
#define PORTICO_CONVERSIONS(_From, _FromType)                  \
    PORTICO_CONVERSION(_From, _FromType, Char, CHAR)           \
    PORTICO_CONVERSION(_From, _FromType, Int8, INT8)           \
    PORTICO_CONVERSION(_From, _FromType, UChar, UCHAR)         \
    PORTICO_CONVERSION(_From, _FromType, UInt8, UINT8)         \
    PORTICO_CONVERSION(_From, _FromType, Byte, BYTE)           \
    PORTICO_CONVERSION(_From, _FromType, Short, SHORT)         \
    PORTICO_CONVERSION(_From, _FromType, UShort, USHORT)       \
    PORTICO_CONVERSION(_From, _FromType, Word, WORD)           \
    PORTICO_CONVERSION(_From, _FromType, Int, INT)             \
    PORTICO_CONVERSION(_From, _FromType, UInt, UINT)           \
    PORTICO_CONVERSION(_From, _FromType, Long, LONG)           \
    PORTICO_CONVERSION(_From, _FromType, ULong, ULONG)         \
    PORTICO_CONVERSION(_From, _FromType, DWord, DWORD)         \
    PORTICO_CONVERSION(_From, _FromType, LongLong, LONGLONG)   \
    PORTICO_CONVERSION(_From, _FromType, ULongLong, ULONGLONG) \
    PORTICO_CONVERSION(_From, _FromType, IntPtr, INT_PTR)      \
    PORTICO_CONVERSION(_From, _FromType, UIntPtr, UINT_PTR)    \
    PORTICO_CONVERSION(_From, _FromType, LongPtr, LONG_PTR)    \
    PORTICO_CONVERSION(_From, _FromType, ULongPtr, ULONG_PTR)  \
    PORTICO_CONVERSION(_From, _FromType, DWordPtr, DWORD_PTR)  \
    PORTICO_CONVERSION(_From, _FromType, SSIZET, SSIZE_T)      \
    PORTICO_CONVERSION(_From, _FromType, SIZET, SIZE_T)

#define PORTICO_INTEGER(_Name, _Type) \
    PORTICO_ARITHMETIC(_Name, _Type)  \
    PORTICO_CONVERSIONS(_Name, _Type)

PORTICO_INTEGER(Int8, INT8)
PORTICO_INTEGER(UInt8, UINT8)
PORTICO_INTEGER(UChar, UCHAR)
PORTICO_INTEGER(Byte, BYTE)
PORTICO_INTEGER(Short, SHORT)
PORTICO_INTEGER(UShort, USHORT)
PORTICO_INTEGER(Word, WORD)
PORTICO_INTEGER(Int, INT)
PORTICO_INTEGER(UInt, UINT)
PORTICO_INTEGER(Long, LONG)
PORTICO_INTEGER(ULong, ULONG)
PORTICO_INTEGER(DWord, DWORD)
PORTICO_INTEGER(LongLong, LONGLONG)
PORTICO_INTEGER(ULongLong, ULONGLONG)
PORTICO_INTEGER(IntPtr, INT_PTR)
PORTICO_INTEGER(UIntPtr, UINT_PTR)
PORTICO_INTEGER(LongPtr, LONG_PTR)
PORTICO_INTEGER(ULongPtr, ULONG_PTR)
PORTICO_INTEGER(DWordPtr, DWORD_PTR)
PORTICO_INTEGER(SSIZET, SSIZE_T)
PORTICO_INTEGER(SIZET, SIZE_T)

#undef PORTICO_INTEGER_RESULT
#undef PORTICO_ARITHMETIC
#undef PORTICO_CONVERSION
#undef PORTICO_CONVERSIONS
#undef PORTICO_INTEGER

#define RtlInt32Add RtlIntAdd
#define RtlInt32Sub RtlIntSub
#define RtlInt32Mult RtlIntMult
#define RtlUInt32Add RtlUIntAdd
#define RtlUInt32Sub RtlUIntSub
#define RtlUInt32Mult RtlUIntMult
#define RtlUInt16Add RtlUShortAdd
#define RtlUInt16Sub RtlUShortSub
#define RtlUInt16Mult RtlUShortMult
#define RtlUInt64Add RtlULongLongAdd
#define RtlUInt64Sub RtlULongLongSub
#define RtlUInt64Mult RtlULongLongMult
#define RtlSizeTAdd RtlSIZETAdd
#define RtlSizeTSub RtlSIZETSub
#define RtlSizeTMult RtlSIZETMult
#define RtlULong64Add RtlULongLongAdd
#define RtlULong64Mult RtlULongLongMult

EXTERN_C_END

#endif
