// Undoing functions by hand-made tables, as compilers make them: every unwind code, prologues, epilogues,
// chains, machine frames, and tables and stacks that make no sense. Then Portico's own frames, by what its
// compiler wrote.
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "kernel.h"
#include "nt/seh/pe_unwind.h"
#include "nt/seh/switch.h"

namespace seh_unwind_test {
namespace {

using namespace portico;
using namespace portico::nt::seh;

constexpr std::uint32_t begin = 0x100;
constexpr std::uint32_t end = 0x200;
constexpr std::uint32_t info_place = 0x400;

using Bytes = std::vector<std::uint8_t>;

alignas(16) std::array<std::uint8_t, 0x1000> memory;

bool readable(std::uint64_t address, std::uint64_t size) {
    const std::uint64_t offset = address - reinterpret_cast<std::uint64_t>(memory.data());
    return offset <= memory.size() && size <= memory.size() - offset;
}

// An image of two functions at most, and a stack.
class Tables : public ::testing::Test {
  protected:
    Tables() {
        memory.fill(0x90);
        for (std::size_t i = 0; i < stack.size(); ++i) stack[i] = 0xA000 + i;
        image.range = {reinterpret_cast<std::uint64_t>(memory.data()), memory.size()};
        image.tables = true;
        image.readable = readable;
        image.functions = rows.data();
        image.function_count = 1;
        rows[0].BeginAddress = begin;
        rows[0].EndAddress = end;
        rows[0].UnwindData = info_place;
        for (unsigned i = 0; i < 16; ++i) (&context.Rax)[i] = 0x100 + i;
        context.Rsp = top();
    }

    std::uint64_t top() const { return reinterpret_cast<std::uint64_t>(stack.data()); }
    // The address of the n-th word of the stack.
    std::uint64_t word(unsigned n) const { return top() + n * 8u; }
    StackView view() const { return {top(), top() + sizeof stack}; }
    void put(std::uint32_t offset, const Bytes& bytes) {
        std::memcpy(memory.data() + offset, bytes.data(), bytes.size());
    }
    void describe(unsigned flags, unsigned prologue, unsigned frame, const Bytes& codes,
                  const std::vector<std::uint32_t>& behind = {}, std::uint32_t place = info_place) {
        Bytes bytes{static_cast<std::uint8_t>(1 | flags << 3), static_cast<std::uint8_t>(prologue),
                    static_cast<std::uint8_t>(codes.size() / 2), static_cast<std::uint8_t>(frame)};
        bytes.insert(bytes.end(), codes.begin(), codes.end());
        while (bytes.size() % 4 != 0) bytes.push_back(0);
        for (const std::uint32_t value : behind) {
            for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> i * 8));
        }
        put(place, bytes);
    }
    bool undo(std::uint32_t offset, ULONG wanted = 0) {
        context.Rip = image.range.base + offset;
        const RUNTIME_FUNCTION* const function = find_function(image, context.Rip);
        EXPECT_NE(function, nullptr);
        return function != nullptr &&
               virtual_unwind(image, view(), wanted, context.Rip, *function, context, result, &pointers);
    }
    // The stack is back where word `n` was the return address.
    void expect_returned(unsigned n) {
        EXPECT_EQ(context.Rip, 0xA000u + n);
        EXPECT_EQ(context.Rsp, word(n + 1));
    }

    alignas(16) std::array<std::uint64_t, 256> stack;
    std::array<RUNTIME_FUNCTION, 2> rows{};
    UnwindImage image;
    CONTEXT context{};
    VirtualUnwind result;
    KNONVOLATILE_CONTEXT_POINTERS pointers{};
};

TEST_F(Tables, FindFunctionsAndLeaves) {
    EXPECT_EQ(find_function(image, image.range.base + begin), rows.data());
    EXPECT_EQ(find_function(image, image.range.base + end - 1), rows.data());
    EXPECT_EQ(find_function(image, image.range.base + end), nullptr);
    EXPECT_EQ(find_function(image, image.range.base), nullptr);
    ASSERT_TRUE(leave_leaf(view(), context));
    expect_returned(0);
}

// push rbp; push rbx; sub rsp, 0x28
const Bytes pushes{6, 0x42, 2, 0x30, 1, 0x50};

TEST_F(Tables, UndoPushesAndSmallFrames) {
    describe(0, 6, 0, pushes);
    ASSERT_TRUE(undo(0x150));
    EXPECT_EQ(context.Rbx, 0xA005u);
    EXPECT_EQ(context.Rbp, 0xA006u);
    EXPECT_EQ(result.establisher, top());
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(pointers.Rbx), word(5));
    expect_returned(7);
}

TEST_F(Tables, UndoOnlyWhatOfAPrologueWasDone) {
    describe(UNW_FLAG_EHANDLER, 6, 0, pushes, {0x300});
    ASSERT_TRUE(undo(begin, UNW_FLAG_EHANDLER));
    expect_returned(0);
    EXPECT_EQ(result.handler, nullptr);  // its scopes are not entered yet
    context.Rsp = top();
    ASSERT_TRUE(undo(begin + 2, UNW_FLAG_EHANDLER));
    EXPECT_EQ(context.Rbx, 0xA000u);
    EXPECT_EQ(context.Rbp, 0xA001u);
    expect_returned(2);
}

TEST_F(Tables, TellTheHandlerThatIsWanted) {
    describe(UNW_FLAG_EHANDLER, 6, 0, pushes, {0x300, 7});
    ASSERT_TRUE(undo(0x150, UNW_FLAG_EHANDLER));
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(result.handler), image.range.base + 0x300);
    EXPECT_EQ(*static_cast<const std::uint32_t*>(result.handler_data), 7u);
    context.Rsp = top();
    ASSERT_TRUE(undo(0x150, UNW_FLAG_UHANDLER));
    EXPECT_EQ(result.handler, nullptr);
}

TEST_F(Tables, UndoLargeFramesAndSavedRegisters) {
    // mov [rsp+0x40], rsi; movaps [rsp+0x20], xmm6; sub rsp, 0x100 with 16 bits; then a far save and 32 bits
    describe(0, 0x20, 0, {0x20, 0x64, 8,    0,    0x18, 0x68, 2, 0, 0x14, 0x75, 0x48, 0,
                          0,    0,    0x12, 0x79, 0x60, 0,    0, 0, 8,    0x01, 0x20, 0});
    ASSERT_TRUE(undo(0x150));
    EXPECT_EQ(context.Rsi, 0xA008u);
    EXPECT_EQ(context.Rdi, 0xA009u);
    EXPECT_EQ(context.FltSave.XmmRegisters[6].Low, 0xA004u);
    EXPECT_EQ(static_cast<std::uint64_t>(context.FltSave.XmmRegisters[6].High), 0xA005u);
    EXPECT_EQ(context.FltSave.XmmRegisters[7].Low, 0xA00Cu);
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(pointers.Xmm6), word(4));
    expect_returned(32);
    context.Rsp = top();
    describe(0, 8, 0, {8, 0x11, 0x40, 0, 0, 0});
    ASSERT_TRUE(undo(0x150));
    expect_returned(8);
}

TEST_F(Tables, UndoFramePointers) {
    // push rbp; sub rsp, 0x40; lea rbp, [rsp+0x20]: rsp moves afterwards
    describe(UNW_FLAG_UHANDLER, 10, 0x25, {10, 0x03, 5, 0x72, 1, 0x50}, {0x300});
    context.Rbp = word(14);
    ASSERT_TRUE(undo(0x150, UNW_FLAG_UHANDLER));
    EXPECT_EQ(result.establisher, word(10));
    EXPECT_NE(result.handler, nullptr);
    EXPECT_EQ(context.Rbp, 0xA012u);
    expect_returned(19);
    // Before it was set, rsp is the frame.
    context.Rsp = top();
    context.Rbp = 1;
    ASSERT_TRUE(undo(begin + 5, UNW_FLAG_UHANDLER));
    EXPECT_EQ(result.establisher, top());
    expect_returned(9);
}

TEST_F(Tables, UndoMachineFrames) {
    describe(0, 0, 0, {0, 0x1A});
    stack[1] = 0x1234;
    stack[4] = word(40);
    ASSERT_TRUE(undo(0x150));
    EXPECT_EQ(context.Rip, 0x1234u);
    EXPECT_EQ(context.Rsp, word(40));
    context.Rsp = top();
    describe(0, 0, 0, {0, 0x0A});
    stack[0] = 0x1235;
    stack[3] = word(41);
    ASSERT_TRUE(undo(0x150));
    EXPECT_EQ(context.Rip, 0x1235u);
    EXPECT_EQ(context.Rsp, word(41));
}

TEST_F(Tables, FollowChains) {
    rows[1] = rows[0];
    rows[1].BeginAddress = 0x280;
    rows[1].EndAddress = 0x2C0;
    rows[1].UnwindData = 0x500;
    image.function_count = 2;
    describe(0, 6, 0, pushes);
    describe(UNW_FLAG_CHAININFO, 5, 0, {5, 0x64, 1, 0}, {begin, end, info_place}, 0x500);
    ASSERT_TRUE(undo(0x2A0));
    EXPECT_EQ(context.Rsi, 0xA001u);
    EXPECT_EQ(context.Rbx, 0xA005u);
    expect_returned(7);
}

TEST_F(Tables, KnowEpiloguesByTheirInstructions) {
    describe(UNW_FLAG_EHANDLER, 6, 0, pushes, {0x300});
    put(0x150, {0x48, 0x83, 0xC4, 0x28, 0x5B, 0x5D, 0xC3});  // add rsp, 0x28; pop rbx; pop rbp; ret
    ASSERT_TRUE(undo(0x150, UNW_FLAG_EHANDLER));
    EXPECT_EQ(result.handler, nullptr);
    expect_returned(7);
    context.Rsp = top();
    ASSERT_TRUE(undo(0x154));
    EXPECT_EQ(context.Rbx, 0xA000u);
    expect_returned(2);
    context.Rsp = top();
    ASSERT_TRUE(undo(0x156));
    expect_returned(0);
    context.Rsp = top();
    put(0x160, {0x41, 0x5C, 0x48, 0xFF, 0x25, 0, 0, 0, 0});  // pop r12; rex jmp [rip]: a tail call
    ASSERT_TRUE(undo(0x160));
    EXPECT_EQ(context.R12, 0xA000u);
    expect_returned(1);
}

TEST_F(Tables, KnowEpiloguesOfFramePointers) {
    describe(0, 10, 0x25, {10, 0x03, 5, 0x72, 1, 0x50});
    context.Rbp = word(14);
    put(0x150, {0x48, 0x8D, 0x65, 0x20, 0x5D, 0xC3});  // lea rsp, [rbp+0x20]; pop rbp; ret
    ASSERT_TRUE(undo(0x150));
    EXPECT_EQ(context.Rbp, 0xA012u);
    expect_returned(19);
}

TEST_F(Tables, TellJumpsInsideAFunctionFromItsEnd) {
    describe(0, 6, 0, pushes);
    put(0x150, {0xEB, 0x10});
    ASSERT_TRUE(undo(0x150));
    expect_returned(7);
    context.Rsp = top();
    put(0x150, {0xE9, 0x00, 0x01, 0, 0});  // out of it
    ASSERT_TRUE(undo(0x150));
    expect_returned(0);
    // To another part of it
    context.Rsp = top();
    rows[1].BeginAddress = 0x255;
    rows[1].EndAddress = 0x2C0;
    rows[1].UnwindData = 0x500;
    image.function_count = 2;
    describe(UNW_FLAG_CHAININFO, 0, 0, {}, {begin, end, info_place}, 0x500);
    ASSERT_TRUE(undo(0x150));
    expect_returned(7);
}

TEST_F(Tables, RefuseWhatMakesNoSense) {
    describe(0, 6, 0, {6, 0x01});  // an operand is missing
    EXPECT_FALSE(undo(0x150));
    describe(0, 6, 0, {6, 0x0F});  // no such code
    EXPECT_FALSE(undo(0x150));
    describe(0, 6, 0, pushes);
    memory[info_place] = 5;  // no such version
    EXPECT_FALSE(undo(0x150));
    rows[0].UnwindData = 0xFFC;  // codes behind the end of the image
    memory[0xFFC] = 1;
    memory[0xFFE] = 40;
    EXPECT_FALSE(undo(0x150));
    rows[0].UnwindData = 0x7FFFFFF0;
    EXPECT_FALSE(undo(0x150));
    rows[0].UnwindData = info_place;  // a chain without an end
    describe(UNW_FLAG_CHAININFO, 0, 0, {}, {begin, end, info_place});
    EXPECT_FALSE(undo(0x150));
    describe(0, 6, 0, {6, 0x11, 0xFF, 0xFF, 0xFF, 0x7F});  // a frame larger than the stack
    EXPECT_FALSE(undo(0x150));
    describe(UNW_FLAG_EHANDLER, 0, 0, {}, {0x7FFFFFFF});  // a handler outside the image
    EXPECT_FALSE(undo(0x150, UNW_FLAG_EHANDLER));
}

// ---- frames of the host ----

struct Stepped {
    CONTEXT inside{};
    CONTEXT outside{};
    bool done = false;
};

__attribute__((noinline)) void look(Stepped& stepped) {
    capture(&stepped.inside);
    stepped.outside = stepped.inside;
    const CfiModule module = host_module_at(stepped.inside.Rip);
    EXPECT_TRUE(is_portico(module));
    // Out of this function, and out of its caller.
    stepped.done = step_cfi(module, StackView::current(), true, stepped.outside) &&
                   step_cfi(module, StackView::current(), true, stepped.outside);
}

// Microsoft's convention: what a driver has in these registers is saved somewhere in the host's frame.
__attribute__((ms_abi, noinline)) void host_function(Stepped* stepped) {
    look(*stepped);
}

TEST(HostFrames, GiveBackWhatTheCallerHad) {
    test::Kernel kernel;
    Stepped stepped;
    ASSERT_TRUE(kernel.run([&] {
        register std::uint64_t rdi asm("rdi") = 0x1111;
        register std::uint64_t rsi asm("rsi") = 0x2222;
        register double xmm asm("xmm9") = 0.0;
        asm volatile("cvtsi2sd %2, %1" : "+r"(rdi), "+x"(xmm) : "r"(std::uint64_t{77}));
        asm volatile("sub $32, %%rsp\n call *%[function]\n add $32, %%rsp"
                     : "+r"(rdi), "+r"(rsi), "+x"(xmm)
                     : [function] "r"(&host_function), "c"(&stepped)
                     : "rax", "rdx", "r8", "r9", "r10", "r11", "memory");
        EXPECT_EQ(xmm, 77.0);
    }));
    ASSERT_TRUE(stepped.done);
    EXPECT_EQ(stepped.outside.Rdi, 0x1111u);
    EXPECT_EQ(stepped.outside.Rsi, 0x2222u);
    double xmm;
    std::memcpy(&xmm, &stepped.outside.FltSave.XmmRegisters[9], sizeof xmm);
    EXPECT_EQ(xmm, 77.0);
}

}  // namespace
}  // namespace seh_unwind_test
