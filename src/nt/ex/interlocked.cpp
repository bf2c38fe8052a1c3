// Interlocked operations. One host thread runs everything, so each is a plain operation after its scheduling
// point (FLD-023).
#include "nt/ddi.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

using namespace portico::nt;

namespace {

template <class T>
T add(volatile T* target, T value) {
    const T before = *target;
    using Unsigned = std::make_unsigned_t<T>;
    *target = static_cast<T>(static_cast<Unsigned>(before) + static_cast<Unsigned>(value));
    return before;
}

template <class T>
T exchange(volatile T* target, T value) {
    const T before = *target;
    *target = value;
    return before;
}

template <class T>
T compare_exchange(volatile T* target, T value, T comperand) {
    const T before = *target;
    if (before == comperand) *target = value;
    return before;
}

// Bits of a bit string count on from its base: bit 35 is bit 3 of the next LONG.
template <class T>
T bit_and_word(volatile T*& base, T bit) {
    constexpr T width = sizeof(T) * 8;
    base += bit >= 0 ? bit / width : (bit - width + 1) / width;
    return static_cast<T>(std::make_unsigned_t<T>{1} << (static_cast<std::make_unsigned_t<T>>(bit) % width));
}

template <class T>
UCHAR set_bit(volatile T* base, T bit) {
    const T mask = bit_and_word(base, bit);
    const bool before = (*base & mask) != 0;
    *base = *base | mask;
    return before;
}

template <class T>
UCHAR reset_bit(volatile T* base, T bit) {
    const T mask = bit_and_word(base, bit);
    const bool before = (*base & mask) != 0;
    *base = *base & ~mask;
    return before;
}

}  // namespace

// One function of each kind for a width: SUFFIX "", "16", "64", "8".
#define ARITHMETIC(TYPE, SUFFIX)                                                                       \
    TYPE NTAPI InterlockedIncrement##SUFFIX(TYPE volatile* Addend) {                                   \
        DDI(InterlockedIncrement##SUFFIX, HIGH_LEVEL);                                                 \
        return static_cast<TYPE>(static_cast<std::make_unsigned_t<TYPE>>(add<TYPE>(Addend, 1)) + 1u);  \
    }                                                                                                  \
    TYPE NTAPI InterlockedDecrement##SUFFIX(TYPE volatile* Addend) {                                   \
        DDI(InterlockedDecrement##SUFFIX, HIGH_LEVEL);                                                 \
        return static_cast<TYPE>(static_cast<std::make_unsigned_t<TYPE>>(add<TYPE>(Addend, -1)) - 1u); \
    }                                                                                                  \
    TYPE NTAPI InterlockedCompareExchange##SUFFIX(TYPE volatile* Destination, TYPE Exchange,           \
                                                  TYPE Comperand) {                                    \
        DDI(InterlockedCompareExchange##SUFFIX, HIGH_LEVEL);                                           \
        return compare_exchange<TYPE>(Destination, Exchange, Comperand);                               \
    }

#define LOGIC(TYPE, SUFFIX)                                                          \
    TYPE NTAPI InterlockedExchange##SUFFIX(TYPE volatile* Target, TYPE Value) {      \
        DDI(InterlockedExchange##SUFFIX, HIGH_LEVEL);                                \
        return exchange<TYPE>(Target, Value);                                        \
    }                                                                                \
    TYPE NTAPI InterlockedAnd##SUFFIX(TYPE volatile* Destination, TYPE Value) {      \
        DDI(InterlockedAnd##SUFFIX, HIGH_LEVEL);                                     \
        return exchange<TYPE>(Destination, static_cast<TYPE>(*Destination & Value)); \
    }                                                                                \
    TYPE NTAPI InterlockedOr##SUFFIX(TYPE volatile* Destination, TYPE Value) {       \
        DDI(InterlockedOr##SUFFIX, HIGH_LEVEL);                                      \
        return exchange<TYPE>(Destination, static_cast<TYPE>(*Destination | Value)); \
    }                                                                                \
    TYPE NTAPI InterlockedXor##SUFFIX(TYPE volatile* Destination, TYPE Value) {      \
        DDI(InterlockedXor##SUFFIX, HIGH_LEVEL);                                     \
        return exchange<TYPE>(Destination, static_cast<TYPE>(*Destination ^ Value)); \
    }

#define SUMS_AND_BITS(TYPE, SUFFIX)                                                 \
    TYPE NTAPI InterlockedExchangeAdd##SUFFIX(TYPE volatile* Addend, TYPE Value) {  \
        DDI(InterlockedExchangeAdd##SUFFIX, HIGH_LEVEL);                            \
        return add<TYPE>(Addend, Value);                                            \
    }                                                                               \
    TYPE NTAPI InterlockedAdd##SUFFIX(TYPE volatile* Addend, TYPE Value) {          \
        DDI(InterlockedAdd##SUFFIX, HIGH_LEVEL);                                    \
        add<TYPE>(Addend, Value);                                                   \
        return *Addend;                                                             \
    }                                                                               \
    UCHAR NTAPI InterlockedBitTestAndSet##SUFFIX(TYPE volatile* Base, TYPE Bit) {   \
        DDI(InterlockedBitTestAndSet##SUFFIX, HIGH_LEVEL);                          \
        return set_bit<TYPE>(Base, Bit);                                            \
    }                                                                               \
    UCHAR NTAPI InterlockedBitTestAndReset##SUFFIX(TYPE volatile* Base, TYPE Bit) { \
        DDI(InterlockedBitTestAndReset##SUFFIX, HIGH_LEVEL);                        \
        return reset_bit<TYPE>(Base, Bit);                                          \
    }

extern "C" {

ARITHMETIC(LONG, )
LOGIC(LONG, )
SUMS_AND_BITS(LONG, )
ARITHMETIC(LONG64, 64)
LOGIC(LONG64, 64)
SUMS_AND_BITS(LONG64, 64)
ARITHMETIC(SHORT, 16)
LOGIC(SHORT, 16)
LOGIC(CHAR, 8)

BOOLEAN NTAPI InterlockedCompareExchange128(LONG64 volatile* Destination, LONG64 ExchangeHigh,
                                            LONG64 ExchangeLow, LONG64* ComparandResult) {
    DDI(InterlockedCompareExchange128, HIGH_LEVEL);
    const LONG64 low = Destination[0];
    const LONG64 high = Destination[1];
    const bool equal = low == ComparandResult[0] && high == ComparandResult[1];
    if (equal) {
        Destination[0] = ExchangeLow;
        Destination[1] = ExchangeHigh;
    }
    ComparandResult[0] = low;
    ComparandResult[1] = high;
    return equal;
}

PVOID NTAPI InterlockedExchangePointer(PVOID volatile* Target, PVOID Value) {
    DDI(InterlockedExchangePointer, HIGH_LEVEL);
    return exchange<PVOID>(Target, Value);
}

PVOID NTAPI InterlockedCompareExchangePointer(PVOID volatile* Destination, PVOID Exchange, PVOID Comperand) {
    DDI(InterlockedCompareExchangePointer, HIGH_LEVEL);
    return compare_exchange<PVOID>(Destination, Exchange, Comperand);
}

}  // extern "C"
