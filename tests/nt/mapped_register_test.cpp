// Device registers that a driver touches by its own instructions, as READ_REGISTER_ULONG is on x64: each form
// of them (drivers/mapped_registers.c), in .so and .sys, optimised and not, is the same accesses of the bus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>

#include "drivers/mapped_registers.h"
#include "kernel.h"
#include "loader/loader.h"
#include "loader/symbols.h"
#include "nt/findings.h"
#include "sim/bus.h"
#include "sim/irq_line.h"
#include "sim/trace.h"
#include "verifier/rules.h"

namespace mapped_register_test {
namespace {

using namespace portico;
using test::Kernel;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::uint64_t registers = 0xE0000000;
constexpr unsigned irq = 9;

// Memory, but for the interrupt that a read of 0x30 asserts and a write of 0x38 takes back.
struct Card final : sim::BusDevice {
    std::array<std::uint8_t, 64> bytes;
    std::string log;
    sim::IrqSource line;
    bool interrupts = false;

    Card() {
        for (unsigned i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0x80 + i);
    }
    void note(const char* format, std::uint32_t offset, unsigned width, std::uint32_t value) {
        std::array<char, 48> text;
        std::snprintf(text.data(), text.size(), format, width, offset, value);
        log += log.empty() ? "" : " ";
        log += text.data();
    }
    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override {
        note("r%u@%x", offset, width, 0);
        std::uint32_t value = 0;
        if (offset + width <= bytes.size()) std::memcpy(&value, &bytes[offset], width);
        if (interrupts && offset == 0x30) {
            bytes[0x38] = 1;
            line.raise(now_ns);
        }
        return value;
    }
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override {
        note("w%u@%x=%x", offset, width, value);
        if (offset + width <= bytes.size()) std::memcpy(&bytes[offset], &value, width);
        if (interrupts && offset == 0x38) line.lower(now_ns);
    }
};

Card* the_card;
MappedTest* the_test;
unsigned checks_made;

void NTAPI tell_check(int holds, const char* file, int line, const char* text) {
    ++checks_made;
    if (holds == 0) ADD_FAILURE_AT(file, line) << text;
}

void NTAPI connect() {
    the_card->interrupts = true;
    the_card->line = sim::IrqSource(sim::scheduler.lines[irq], "card");
    PKINTERRUPT interrupt = nullptr;
    EXPECT_EQ(
        nt::ke::connect_interrupt({the_test->service, nullptr, nullptr, irq, 0, false, false, 0}, &interrupt),
        STATUS_SUCCESS);
}

struct Played {
    Kernel kernel;
    Card card;
    MappedTest test{};
    bool returned = false;

    Played(const std::string& image_name, ULONG part) {
        sim::bus.reset();
        EXPECT_TRUE(sim::bus.claim_memory(registers, 4096, card));
        verifier::install_fault_rule();
        the_card = &card;
        the_test = &test;
        checks_made = 0;
        test.checks.check = tell_check;
        test.connect = connect;
        test.part = part;
        const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/nt_mapped_registers_" + image_name);
        EXPECT_TRUE(image.ok()) << image.error().message;
        const auto entry = (*image)->entry("DriverEntry");
        kernel.start([&] {
            reinterpret_cast<NTSTATUS(NTAPI*)(MappedTest*, void*)> (*entry)(&test, nullptr);
            returned = true;
        });
        kernel.settle(millisecond_ns);
    }
    ~Played() { sim::bus.release(card); }
};

struct Part {
    const char* name;
    ULONG number;
    const char* accesses;
};

const Part parts[] = {
    {"Loads", 0,
     "r1@0 r2@2 r4@4 r4@8 r4@c r1@0 r1@1 r1@1 r2@c r4@0 r4@0 r1@1 r4@0 r1@0 r4@4 r4@0 r4@1 r4@4 r1@0 r4@0 "
     "r4@4"},
    {"Vectors", 1,
     "r4@0 r4@4 r4@8 r4@c r4@10 r4@14 r4@18 r4@1c w4@20=93929190 w4@24=97969594 w4@28=9b9a9998 "
     "w4@2c=9f9e9d9c "
     "r4@8 r4@c w4@0=3f800000 r4@0 r4@0 w4@4=55667788 r4@4 w4@8=55667788"},
    {"Stores", 2,
     "w1@0=34 w1@1=12 w2@2=5678 w4@4=9abcdef0 w4@8=55667788 w4@c=11223344 w1@0=1 w2@0=2 w4@0=3 w4@0=fffffffe "
     "w4@4=ffffffff w1@0=1 w4@4=4d r4@0 r4@4"},
    {"Changes", 3,
     "w4@0=10 r4@0 w4@0=14 r1@0 w1@0=10 r4@0 w4@0=ef r4@0 w4@0=0 r4@0 w4@0=1 r4@0 w4@0=ffffffff r4@0 w4@0=0 "
     "r4@0 "
     "w4@0=0 r4@0 w4@0=5 r4@0 w4@0=a r4@0 w4@0=9 r4@0 w4@0=9 r4@0 w4@0=b r4@0 w4@0=3 r4@8 r4@c w4@8=8b8a8989 "
     "w4@c=8f8e8d8c"},
    {"Kept", 4, "r4@0 w4@0=83828180"},
    {"Strings", 5,
     "r4@0 r4@4 r4@8 w1@0=1 w1@1=2 w1@2=3 r4@0 r4@4 w4@10=83030201 w4@14=87868584 w2@4=abcd w2@2=abcd r1@2"},
    {"Functions", 6,
     "r4@0 r2@4 r1@6 w4@8=83828180 w2@c=8584 w4@0=5a5a5a5a w2@4=5a5a w4@0=3020100 w4@4=7060504 w4@8=b0a0908 "
     "w4@c=f0e0d0c w4@10=13121110 w4@14=17161514 w4@18=1b1a1918 w4@1c=1f1e1d1c w4@20=23222120 w4@24=27262524 "
     "r4@0 r4@4 r4@8 r4@c r4@10 r4@14 r4@18 r4@1c r4@20 r4@24"},
    {"InC", 7, "r4@4 w4@0=1 r4@0 w4@0=81 r4@0 w4@0=80 w2@a=1234 r2@a w1@c=12 r4@4 r4@0 r1@c"},
};

constexpr const char* images[] = {"checked.so", "free.so", "checked.sys", "free.sys"};

std::string plain(std::string name) {
    for (char& c : name) c = c == '.' ? '_' : c;
    return name;
}

class MappedRegister : public ::testing::TestWithParam<std::tuple<const char*, Part>> {};

TEST_P(MappedRegister, IsAccessedOnceInItsWidth) {
    const auto& [image, part] = GetParam();
    const auto records = sim::trace.count();
    Played run(image, part.number);
    ASSERT_TRUE(run.returned) << (nt::bug_check() != nullptr ? nt::bug_check()->text : "");
    EXPECT_EQ(run.card.log, part.accesses);
    EXPECT_TRUE(checks_made > 0 || part.number == 2 || part.number == 4);
    std::uint64_t traced = 0;
    for (auto i = records; i != sim::trace.count(); ++i) {
        const auto kind = sim::trace.at(i).kind;
        traced += kind == sim::TraceKind::register_read || kind == sim::TraceKind::register_write ? 1 : 0;
    }
    EXPECT_EQ(traced, static_cast<std::uint64_t>(std::count(run.card.log.begin(), run.card.log.end(), '@')));
}

INSTANTIATE_TEST_SUITE_P(All, MappedRegister,
                         ::testing::Combine(::testing::ValuesIn(images), ::testing::ValuesIn(parts)),
                         [](const auto& one) {
                             return plain(std::string(std::get<1>(one.param).name) + "_" +
                                          std::get<0>(one.param));
                         });

class MappedRegisterImage : public ::testing::TestWithParam<const char*> {};

// Between the halves of an access, and between an instruction's read and its write, the service routine comes
// through the same instructions.
TEST_P(MappedRegisterImage, AccessesAreInterrupted) {
    Played run(GetParam(), 8);
    ASSERT_TRUE(run.returned) << (nt::bug_check() != nullptr ? nt::bug_check()->text : "");
    EXPECT_EQ(run.test.interrupts, 20);
    EXPECT_THAT(run.card.log,
                HasSubstr("r4@30 r4@38 r4@8 r4@c r4@10 r4@14 w4@10=93929191 w4@14=97969594 w4@38=0 r4@34"))
        << "inside the access";
    EXPECT_THAT(run.card.log, HasSubstr("w4@38=0 r4@34 w4@30=b3b2b1b2 w4@34=b7b6b5b4")) << "before its write";
}

void expect_bug_check(const Played& run, std::uint32_t code, const char* text) {
    EXPECT_FALSE(run.returned);
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, code);
    EXPECT_THAT(std::string(nt::bug_check()->text), HasSubstr(text));
    const auto place = loader::find_place(nt::bug_check()->stack.frames[0], loader::CodeAddress::instruction);
    ASSERT_FALSE(place.lines.empty());
    EXPECT_THAT(place.lines[0].file, EndsWith("mapped_registers.c"));
}

TEST_P(MappedRegisterImage, WhatIsNotDoneIsTheDriversFault) {
    for (const ULONG part : {9u, 10u, 12u}) {
        Played run(GetParam(), part);
        expect_bug_check(run, 0x50, "in a way that is not done here");
        EXPECT_EQ(run.card.log, "");
    }
}

TEST_P(MappedRegisterImage, AStringThatLeavesTheMappingFaultsWhereItDoes) {
    Played run(GetParam(), 11);
    expect_bug_check(run, 0x50, "where none are mapped");
    EXPECT_EQ(run.card.log, "w1@ffe=7 w1@fff=7");
}

TEST_P(MappedRegisterImage, AnInstructionsOwnFaultIsTheDrivers) {
    Played run(GetParam(), 13);
    expect_bug_check(run, 0x1E, "divides by zero");
    EXPECT_EQ(nt::bug_check()->parameters[0], 0xC0000094u);
    EXPECT_TRUE(sim::image_range.contains(nt::bug_check()->parameters[1]));
    EXPECT_EQ(run.card.log, "w4@0=0 r4@0");
}

TEST_P(MappedRegisterImage, UnmappedRegistersAreGone) {
    Played run(GetParam(), 14);
    expect_bug_check(run, 0x50, "or no longer");
    EXPECT_EQ(run.card.log, "w1@0=1");
}

INSTANTIATE_TEST_SUITE_P(All, MappedRegisterImage, ::testing::ValuesIn(images),
                         [](const auto& one) { return plain(one.param); });

}  // namespace
}  // namespace mapped_register_test
