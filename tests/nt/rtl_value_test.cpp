// Numbers, GUIDs, dates, bit maps, versions and the rest of the RtlXxx functions that work on values.
#include <gtest/gtest.h>

#include <string>

#include "kernel.h"
#include "nt/ob/ob.h"
#include "support/requires.h"

namespace rtl_value_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;

struct RtlValue : ::testing::Test {
    Kernel kernel;
    void in_kernel(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }
};

std::u16string text_of(const UNICODE_STRING& string) {
    return {string.Buffer, string.Length / sizeof(WCHAR)};
}

ULONG read(const char16_t* text, ULONG base, NTSTATUS expected = STATUS_SUCCESS) {
    const UNICODE_STRING string = ob::string(text);
    ULONG value = 0xDEAD;
    EXPECT_EQ(RtlUnicodeStringToInteger(&string, base, &value), expected);
    return value;
}

TEST_F(RtlValue, IntegersToText) {
    in_kernel([] {
        WCHAR buffer[34];
        UNICODE_STRING string{0, sizeof buffer, buffer};
        EXPECT_EQ(RtlIntegerToUnicodeString(0, 10, &string), STATUS_SUCCESS);
        EXPECT_EQ(text_of(string), u"0");
        EXPECT_EQ(RtlIntegerToUnicodeString(0xBEEF, 16, &string), STATUS_SUCCESS);
        EXPECT_EQ(text_of(string), u"BEEF");
        EXPECT_EQ(RtlIntegerToUnicodeString(0xFFFFFFFF, 0, &string), STATUS_SUCCESS);
        EXPECT_EQ(text_of(string), u"4294967295");
        EXPECT_EQ(RtlIntegerToUnicodeString(8, 8, &string), STATUS_SUCCESS);
        EXPECT_EQ(text_of(string), u"10");
        EXPECT_EQ(RtlInt64ToUnicodeString(~0ull, 2, &string), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(RtlIntegerToUnicodeString(1, 7, &string), STATUS_INVALID_PARAMETER);
        string.MaximumLength = 6;
        EXPECT_EQ(RtlIntegerToUnicodeString(12, 10, &string), STATUS_SUCCESS);
        EXPECT_EQ(RtlIntegerToUnicodeString(123, 10, &string), STATUS_BUFFER_OVERFLOW)
            << "room for the end is needed";
    });
}

TEST_F(RtlValue, TextToIntegers) {
    in_kernel([] {
        EXPECT_EQ(read(u" \t 42rest", 10), 42u);
        EXPECT_EQ(read(u"-1", 0), 0xFFFFFFFFu);
        EXPECT_EQ(read(u"0x1F", 0), 31u);
        EXPECT_EQ(read(u"0b101", 0), 5u);
        EXPECT_EQ(read(u"0o17", 0), 15u);
        EXPECT_EQ(read(u"ff", 16), 255u);
        EXPECT_EQ(read(u"0x1F", 16), 0u) << "a prefix is looked for with base 0 only";
        EXPECT_EQ(read(u"none", 10), 0u);
        EXPECT_EQ(read(u"", 10), 0u);
        read(u"1", 3, STATUS_INVALID_PARAMETER);
        ULONG value = 0;
        EXPECT_EQ(RtlCharToInteger("+077", 8, &value), STATUS_SUCCESS);
        EXPECT_EQ(value, 63u);
        LONG64 number = 0;
        PWSTR end = nullptr;
        const UNICODE_STRING big = ob::string(u"-9223372036854775808!");
        EXPECT_EQ(RtlUnicodeStringToInt64(&big, 10, &number, &end), STATUS_SUCCESS);
        EXPECT_EQ(number, INT64_MIN);
        EXPECT_EQ(*end, u'!');
        const UNICODE_STRING bigger = ob::string(u"9223372036854775808");
        EXPECT_EQ(RtlUnicodeStringToInt64(&bigger, 10, &number, nullptr), STATUS_INTEGER_OVERFLOW);
    });
}

TEST_F(RtlValue, Guids) {
    in_kernel([] {
        const GUID guid{0x01234567, 0x89AB, 0xCDEF, {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}};
        UNICODE_STRING text{};
        ASSERT_EQ(RtlStringFromGUID(guid, &text), STATUS_SUCCESS);
        EXPECT_EQ(text_of(text), u"{01234567-89AB-CDEF-0123-456789ABCDEF}");
        EXPECT_EQ(text.MaximumLength, 78);
        EXPECT_EQ(text.Buffer[38], 0);
        RtlFreeUnicodeString(&text);
        GUID back{};
        UNICODE_STRING lower = ob::string(u"{01234567-89ab-cdef-0123-456789abcdef}");
        EXPECT_EQ(RtlGUIDFromString(&lower, &back), STATUS_SUCCESS);
        EXPECT_EQ(memcmp(&guid, &back, sizeof guid), 0);
        for (const char16_t* wrong :
             {u"", u"{01234567-89ab-cdef-0123-456789abcdef", u"01234567-89ab-cdef-0123-456789abcdef",
              u"{0123456g-89ab-cdef-0123-456789abcdef}", u"{01234567+89ab-cdef-0123-456789abcdef}",
              u"[01234567-89ab-cdef-0123-456789abcdef}", u"{01234567-89ab-cdef-0123-456789abcdef]"}) {
            const UNICODE_STRING string = ob::string(wrong);
            EXPECT_EQ(RtlGUIDFromString(&string, &back), STATUS_INVALID_PARAMETER);
        }
    });
}

TIME_FIELDS fields_of(LONGLONG time_100ns) {
    LARGE_INTEGER time;
    time.QuadPart = time_100ns;
    TIME_FIELDS fields;
    RtlTimeToTimeFields(&time, &fields);
    return fields;
}

TEST_F(RtlValue, Dates) {
    in_kernel([] {
        const TIME_FIELDS first = fields_of(0);
        EXPECT_EQ(first.Year, 1601);
        EXPECT_EQ(first.Month, 1);
        EXPECT_EQ(first.Day, 1);
        EXPECT_EQ(first.Weekday, 1) << "a Monday";
        // The first second of 1970 is known from Unix.
        const TIME_FIELDS unix_epoch = fields_of(116444736000000000);
        EXPECT_EQ(unix_epoch.Year, 1970);
        EXPECT_EQ(unix_epoch.Weekday, 4) << "a Thursday";
        const TIME_FIELDS leap = fields_of(116444736000000000 + 951825599LL * 10'000'000 + 1'230'000);
        EXPECT_EQ(leap.Year, 2000);
        EXPECT_EQ(leap.Month, 2);
        EXPECT_EQ(leap.Day, 29);
        EXPECT_EQ(leap.Hour, 11);
        EXPECT_EQ(leap.Minute, 59);
        EXPECT_EQ(leap.Second, 59);
        EXPECT_EQ(leap.Milliseconds, 123);
        for (LONGLONG day = 0; day < 400 * 365; day += 37) {
            const LONGLONG time_100ns = day * 864'000'000'000 + 12'345'670'000;
            TIME_FIELDS fields = fields_of(time_100ns);
            LARGE_INTEGER back;
            ASSERT_TRUE(RtlTimeFieldsToTime(&fields, &back));
            ASSERT_EQ(back.QuadPart, time_100ns);
        }
        LARGE_INTEGER time;
        for (TIME_FIELDS wrong :
             {TIME_FIELDS{1900, 2, 29, 0, 0, 0, 0, 0}, TIME_FIELDS{1600, 1, 1, 0, 0, 0, 0, 0},
              TIME_FIELDS{2000, 13, 1, 0, 0, 0, 0, 0}, TIME_FIELDS{2000, 1, 0, 0, 0, 0, 0, 0},
              TIME_FIELDS{2000, 1, 1, 24, 0, 0, 0, 0}, TIME_FIELDS{2000, 1, 1, 0, 0, 0, 1000, 0}}) {
            EXPECT_FALSE(RtlTimeFieldsToTime(&wrong, &time));
        }
        TIME_FIELDS last{30827, 12, 31, 23, 59, 59, 999, 0};
        EXPECT_TRUE(RtlTimeFieldsToTime(&last, &time));
    });
}

TEST_F(RtlValue, BitMaps) {
    in_kernel([] {
        ULONG words[3] = {};
        RTL_BITMAP map;
        RtlInitializeBitMap(&map, words, 70);
        RtlSetBits(&map, 3, 40);
        EXPECT_EQ(RtlNumberOfSetBits(&map), 40u);
        EXPECT_EQ(RtlNumberOfClearBits(&map), 30u);
        EXPECT_TRUE(RtlAreBitsSet(&map, 3, 40));
        EXPECT_FALSE(RtlAreBitsSet(&map, 2, 2));
        EXPECT_TRUE(RtlAreBitsClear(&map, 43, 27));
        EXPECT_FALSE(RtlAreBitsClear(&map, 43, 28)) << "past the end";
        EXPECT_FALSE(RtlAreBitsClear(&map, 43, 0));
        EXPECT_EQ(RtlFindClearBits(&map, 3, 0), 0u);
        EXPECT_EQ(RtlFindClearBits(&map, 4, 0), 43u);
        EXPECT_EQ(RtlFindClearBits(&map, 2, 50), 50u);
        EXPECT_EQ(RtlFindClearBits(&map, 3, 69), 0u) << "from the beginning again";
        EXPECT_EQ(RtlFindClearBits(&map, 28, 0), 0xFFFFFFFFu);
        EXPECT_EQ(RtlFindSetBits(&map, 40, 60), 3u);
        EXPECT_EQ(RtlFindClearBitsAndSet(&map, 27, 0), 43u);
        EXPECT_EQ(RtlFindClearBitsAndSet(&map, 27, 0), 0xFFFFFFFFu);
        EXPECT_EQ(RtlFindSetBitsAndClear(&map, 67, 0), 3u);
        EXPECT_EQ(RtlNumberOfSetBits(&map), 0u);
        RtlSetBit(&map, 33);
        EXPECT_TRUE(RtlTestBit(&map, 33));
        EXPECT_TRUE(RtlCheckBit(&map, 33));
        ULONG start = 99;
        EXPECT_EQ(RtlFindFirstRunClear(&map, &start), 33u);
        EXPECT_EQ(start, 0u);
        EXPECT_EQ(RtlFindNextForwardRunClear(&map, 33, &start), 36u);
        EXPECT_EQ(start, 34u);
        EXPECT_EQ(RtlFindLongestRunClear(&map, &start), 36u);
        EXPECT_EQ(start, 34u);
        RtlClearBit(&map, 33);
        RtlSetAllBits(&map);
        EXPECT_EQ(RtlFindFirstRunClear(&map, &start), 0u);
        RtlClearBits(&map, 64, 6);
        EXPECT_EQ(words[2] & 0x3F, 0u);
        RtlClearAllBits(&map);
        EXPECT_EQ(words[0], 0u);
        EXPECT_EQ(RtlFindLeastSignificantBit(0x500), 8);
        EXPECT_EQ(RtlFindMostSignificantBit(0x500), 10);
        EXPECT_EQ(RtlFindMostSignificantBit(0), -1);
    });
}

// Against a map of one byte a bit.
TEST_F(RtlValue, BitMapsFindWhatASimpleSearchFinds) {
    in_kernel([] {
        std::uint64_t state = 7;
        const auto random = [&](unsigned below) {
            state = state * 6364136223846793005ull + 1442695040888963407ull;
            return static_cast<unsigned>(state >> 33) % below;
        };
        for (int round = 0; round < 300; ++round) {
            const unsigned size = 1 + random(100);
            ULONG words[4] = {};
            RTL_BITMAP map;
            RtlInitializeBitMap(&map, words, size);
            std::string bits(size, '0');
            for (unsigned i = 0; i < size; ++i) {
                if (random(3) == 0) {
                    RtlSetBit(&map, i);
                    bits[i] = '1';
                }
            }
            const unsigned count = 1 + random(6);
            const unsigned hint = random(size);
            auto expected = bits.find(std::string(count, '0'), hint);
            if (expected == std::string::npos) expected = bits.find(std::string(count, '0'));
            const ULONG found = RtlFindClearBits(&map, count, hint);
            ASSERT_EQ(found, expected == std::string::npos ? 0xFFFFFFFFu : static_cast<ULONG>(expected))
                << bits << " " << count << " " << hint;
        }
    });
}

TEST_F(RtlValue, Versions) {
    in_kernel([] {
        RTL_OSVERSIONINFOEXW info{};
        info.dwOSVersionInfoSize = sizeof info;
        ASSERT_EQ(RtlGetVersion(reinterpret_cast<PRTL_OSVERSIONINFOW>(&info)), STATUS_SUCCESS);
        ULONG major = 0;
        ULONG build = 0;
        PsGetVersion(&major, nullptr, &build, nullptr);
        EXPECT_EQ(info.dwMajorVersion, major);
        EXPECT_EQ(info.dwBuildNumber, build);
        EXPECT_EQ(info.wProductType, 1);
        const auto verify = [](ULONG major, ULONG minor, UCHAR condition) {
            RTL_OSVERSIONINFOEXW wanted{};
            wanted.dwMajorVersion = major;
            wanted.dwMinorVersion = minor;
            ULONGLONG mask = 0;
            VER_SET_CONDITION(mask, VER_MAJORVERSION, condition);
            VER_SET_CONDITION(mask, VER_MINORVERSION, condition);
            return RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | VER_MINORVERSION, mask);
        };
        EXPECT_EQ(verify(6, 1, VER_GREATER_EQUAL), STATUS_SUCCESS) << "10.0 is later than 6.1";
        EXPECT_EQ(verify(10, 0, VER_EQUAL), STATUS_SUCCESS);
        EXPECT_EQ(verify(10, 1, VER_GREATER_EQUAL), STATUS_REVISION_MISMATCH);
        EXPECT_EQ(verify(6, 1, VER_LESS), STATUS_REVISION_MISMATCH);
        EXPECT_EQ(RtlVerifyVersionInfo(&info, 0, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlVerifyVersionInfo(&info, VER_BUILDNUMBER, 0), STATUS_INVALID_PARAMETER);
        EXPECT_TRUE(RtlIsNtDdiVersionAvailable(0x06010000));
        EXPECT_FALSE(RtlIsNtDdiVersionAvailable(0x0B000000));
        EXPECT_FALSE(RtlIsNtDdiVersionAvailable(0x06010100)) << "with a service pack";
    });
}

TEST_F(RtlValue, MemoryAndRandom) {
    in_kernel([] {
        const ULONG words[4] = {7, 7, 7, 8};
        EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 4), 2u);
        EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4u);
        EXPECT_EQ(RtlCompareMemoryUlong(const_cast<ULONG*>(words), sizeof words, 7), 12u);
        EXPECT_EQ(RtlUlongByteSwap(0x01020304), 0x04030201u);
        ULONG seed = 5;
        const ULONG first = RtlRandomEx(&seed);
        EXPECT_LT(first, 0x7FFFFFFFu);
        EXPECT_NE(RtlRandomEx(&seed), first);
        seed = 5;
        EXPECT_EQ(RtlRandomEx(&seed), first);
    });
}

TEST_F(RtlValue, StatusCodesAsErrors) {
    in_kernel([] {
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_SUCCESS), 0u);
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_ACCESS_DENIED), 5u);
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_OBJECT_NAME_NOT_FOUND), 2u);
        EXPECT_EQ(RtlNtStatusToDosError(STATUS_BUFFER_OVERFLOW), 234u);
        EXPECT_EQ(RtlNtStatusToDosError(static_cast<NTSTATUS>(0xC0070057)), 0x57u);
        EXPECT_EQ(RtlNtStatusToDosErrorNoTeb(static_cast<NTSTATUS>(0xE0001234)), 0xE0001234u)
            << "a driver's own code";
        EXPECT_EQ(RtlNtStatusToDosError(static_cast<NTSTATUS>(0xC000FFFE)), 317u);
    });
}

TEST_F(RtlValue, SecurityDescriptors) {
    in_kernel([] {
        alignas(8) UCHAR descriptor[40];
        memset(descriptor, 0xFF, sizeof descriptor);
        EXPECT_EQ(RtlCreateSecurityDescriptor(descriptor, 2), STATUS_UNKNOWN_REVISION);
        EXPECT_EQ(RtlCreateSecurityDescriptor(descriptor, SECURITY_DESCRIPTOR_REVISION), STATUS_SUCCESS);
        EXPECT_TRUE(RtlValidSecurityDescriptor(descriptor));
        EXPECT_EQ(RtlLengthSecurityDescriptor(descriptor), 40u);
        descriptor[0] = 3;
        EXPECT_FALSE(RtlValidSecurityDescriptor(descriptor));
        // Self-relative, with an owner of two parts.
        alignas(8) UCHAR relative[36] = {1, 0, 0x00, 0x80, 20, 0, 0, 0};
        relative[20] = 1;
        relative[21] = 2;
        EXPECT_TRUE(RtlValidSecurityDescriptor(relative));
        EXPECT_EQ(RtlLengthSecurityDescriptor(relative), 36u);
    });
}

__attribute__((noinline)) USHORT NTAPI capture(PVOID* frames, ULONG count, PULONG hash) {
    const USHORT captured = RtlCaptureStackBackTrace(0, count, frames, hash);
    asm volatile("" ::: "memory");
    return captured;
}

TEST_F(RtlValue, StackTraces) {
    in_kernel([] {
        PVOID frames[8] = {};
        ULONG hash = 0;
        EXPECT_EQ(capture(frames, 2, &hash), 2);
        const auto begin = reinterpret_cast<std::uint64_t>(&capture);
        EXPECT_GT(reinterpret_cast<std::uint64_t>(frames[0]), begin);
        EXPECT_LT(reinterpret_cast<std::uint64_t>(frames[0]), begin + 512) << "the caller comes first";
        EXPECT_EQ(hash, static_cast<ULONG>(reinterpret_cast<std::uint64_t>(frames[0]) +
                                           reinterpret_cast<std::uint64_t>(frames[1])));
        EXPECT_EQ(frames[2], nullptr);
    });
}

}  // namespace
}  // namespace rtl_value_test
