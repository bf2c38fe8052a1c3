// Time zones, processor features, UUIDs, previous mode.
#include "nt/ke/ke.h"

using namespace portico::nt;

extern "C" {

// The simulated machine lives in UTC.
VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime) {
    DDI(ExSystemTimeToLocalTime, HIGH_LEVEL);
    *LocalTime = *SystemTime;
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime) {
    DDI(ExLocalTimeToSystemTime, HIGH_LEVEL);
    *SystemTime = *LocalTime;
}

// What every x64 processor has (PF_* of winnt.h): compare-exchange, MMX, SSE, RDTSC, PAE, SSE2, NX,
// compare-exchange-128.
BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG ProcessorFeature) {
    DDI(ExIsProcessorFeaturePresent, HIGH_LEVEL);
    constexpr ULONG features =
        1u << 2 | 1u << 3 | 1u << 6 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 14;
    return ProcessorFeature < 32 && (features >> ProcessorFeature & 1u) != 0;
}

// A workstation without any suite but the single-user terminal services that every one has (VER_SUITE_*, by
// number).
BOOLEAN NTAPI ExVerifySuite(int SuiteType) {
    DDI(ExVerifySuite, PASSIVE_LEVEL);
    constexpr int single_user_terminal_services = 8;
    return SuiteType == single_user_terminal_services;
}

// Version 4 from the machine's seed: the same in every run.
NTSTATUS NTAPI ExUuidCreate(UUID* Uuid) {
    DDI(ExUuidCreate, APC_LEVEL);
    std::uint64_t bits[2] = {portico::sim::scheduler.random.next(), portico::sim::scheduler.random.next()};
    bits[0] = (bits[0] & ~0xF000000000000000ull) | 0x4000000000000000ull;
    bits[1] = (bits[1] & ~0xC0ull) | 0x80ull;
    static_assert(sizeof(UUID) == sizeof bits);
    __builtin_memcpy(Uuid, bits, sizeof bits);
    return STATUS_SUCCESS;
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode() {
    DDI(ExGetPreviousMode, APC_LEVEL);
    return ke::previous_mode();
}

}  // extern "C"
