// Ports, cr8, interrupts, model-specific registers: each becomes a call of what the machine has for it, as if
// the driver had called it. The call is made on the driver's stack after the handler has returned, because it
// may be interrupted, and left for another thread and come back.
#include "nt/hal/trap.h"

#include <cpuid.h>

#include "nt/hal/instruction.h"
#include "nt/hal/instruction_copy.h"
#include "nt/hal/mapped_register.h"
#include "nt/hal/shadow_load.h"
#include "nt/hal/shared_page.h"
#include "nt/hal/trap_frame.h"
#include "nt/missing_imports.h"
#include "nt/mm/mm.h"
#include "nt/rtl/rtl.h"
#include "sim/address_map.h"
#include "sim/bus.h"
#include "sim/scheduler.h"

extern "C" {

void portico_trap_run(PorticoTrapFrame* frame);
// Not 0: the processor keeps wider vector registers than fxsave does.
__attribute__((visibility("hidden"))) extern unsigned portico_trap_xsave;
unsigned portico_trap_xsave = 0;
}

// Entered as if the trapping instruction had called it. Keeps every register: nobody expects a call there.
asm(R"(
        .text
        .hidden portico_trap_entry
        .globl  portico_trap_entry
        .type   portico_trap_entry, @function
portico_trap_entry:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushfq
        cld
        pushq   %r15
        pushq   %r14
        pushq   %r13
        pushq   %r12
        pushq   %r11
        pushq   %r10
        pushq   %r9
        pushq   %r8
        pushq   %rdi
        pushq   %rsi
        pushq   0(%rbp)
        pushq   %rsp
        pushq   %rbx
        pushq   %rdx
        pushq   %rcx
        pushq   %rax
        movq    %rsp, %rbx
        movq    %rsp, %rdi
        subq    $896, %rsp
        andq    $-64, %rsp
        movq    %rsp, %r12
        movl    portico_trap_xsave(%rip), %r13d
        testl   %r13d, %r13d
        jz      1f
        xorl    %edx, %edx
        movq    %rdx, 512(%r12)
        movq    %rdx, 520(%r12)
        movq    %rdx, 528(%r12)
        movq    %rdx, 536(%r12)
        movq    %rdx, 544(%r12)
        movq    %rdx, 552(%r12)
        movq    %rdx, 560(%r12)
        movq    %rdx, 568(%r12)
        movl    $7, %eax
        xsave64 (%r12)
        jmp     2f
1:      fxsave64 (%r12)
2:      call    portico_trap_run
        testl   %r13d, %r13d
        jz      3f
        movl    $7, %eax
        xorl    %edx, %edx
        xrstor64 (%r12)
        jmp     4f
3:      fxrstor64 (%r12)
4:      movq    %rbx, %rsp
        popq    %rax
        popq    %rcx
        popq    %rdx
        popq    %rbx
        leaq    8(%rsp), %rsp
        popq    %rbp
        .cfi_def_cfa %rsp, 96
        popq    %rsi
        popq    %rdi
        popq    %r8
        popq    %r9
        popq    %r10
        popq    %r11
        popq    %r12
        popq    %r13
        popq    %r14
        popq    %r15
        popfq
        leaq    8(%rsp), %rsp
        .cfi_def_cfa_offset 8
        ret
        .cfi_endproc
        .size   portico_trap_entry, . - portico_trap_entry
)");

namespace portico::nt::hal {
namespace {

using Kind = Instruction::Kind;

// Between the handler and the entry nothing of the machine runs.
Instruction pending;

std::uint32_t port_of(const Instruction& what, const PorticoTrapFrame& frame) {
    return what.port_in_dx ? frame.registers[rdx] & 0xffff : what.port;
}

void transfer_string(const Instruction& what, PorticoTrapFrame& frame, Register pointer) {
    std::uint64_t& at = frame.registers[pointer];
    const std::uint64_t step = (frame.flags & direction_flag) != 0 ? -std::uint64_t{what.width} : what.width;
    const auto port = static_cast<std::uint32_t>(frame.registers[rdx] & 0xffff);
    for (std::uint64_t left = what.repeated ? frame.registers[rcx] : 1; left != 0; --left) {
        std::uint32_t value = 0;
        if (pointer == rdi) {
            value = sim::bus.read_port(port, what.width);
            __builtin_memcpy(reinterpret_cast<void*>(at), &value, what.width);
        } else {
            __builtin_memcpy(&value, reinterpret_cast<const void*>(at), what.width);
            sim::bus.write_port(port, what.width, value);
        }
        at += step;
        if (what.repeated) frame.registers[rcx] = left - 1;
    }
}

// The few that a driver has reason to read; take_trap() lets no other through.
bool has_msr(std::uint64_t number) {
    return number == 0x10 || number == 0xC0000080 || number == 0xC0000101;
}

std::uint64_t read_msr(std::uint64_t number) {
    constexpr std::uint64_t long_mode_with_nx = 0xD01;
    if (number == 0x10) return static_cast<std::uint64_t>(sim::this_processor->at_ns);
    return number == 0xC0000080 ? long_mode_with_nx : control_region_address();
}

void run(PorticoTrapFrame& frame) {
    const Instruction what = pending;
    switch (what.kind) {
        case Kind::in:
            return store(frame.registers[rax], sim::bus.read_port(port_of(what, frame), what.width),
                         what.width);
        case Kind::out:
            return sim::bus.write_port(port_of(what, frame), what.width,
                                       static_cast<std::uint32_t>(masked(frame.registers[rax], what.width)));
        case Kind::in_string:
            return transfer_string(what, frame, rdi);
        case Kind::out_string:
            return transfer_string(what, frame, rsi);
        case Kind::disable_interrupts:
            return rtl::disable_interrupts();
        case Kind::enable_interrupts:
            return rtl::enable_interrupts();
        case Kind::read_cr8:
            frame.registers[what.general_register] = rtl::read_cr8();
            return;
        case Kind::write_cr8:
            return rtl::write_cr8(frame.registers[what.general_register]);
        default:
            break;
    }
    const auto value = read_msr(frame.registers[rcx] & 0xffffffff);
    sim::point(sim::call_cost_ns);
    frame.registers[rax] = value & 0xffffffff;
    frame.registers[rdx] = value >> 32;
}

bool can_run(const Instruction& what, const gregset_t& registers) {
    switch (what.kind) {
        case Kind::ordinary:
        case Kind::fast_fail:
        case Kind::assertion:
        case Kind::privileged:
            return false;
        case Kind::read_msr:
            return has_msr(static_cast<std::uint64_t>(registers[REG_RCX]) & 0xffffffff);
        default:
            return true;
    }
}

// What the entry and the machine need of the interrupted stack; less would end in its guard.
constexpr std::uint64_t stack_needed = 8192;

bool has_stack(std::uint64_t rsp) {
    return !sim::stack_range.contains(rsp) || rsp >= sim::stack_at(rsp).base + stack_needed;
}

// The driver has called an import that nobody implements.
bool enter_missing_import(gregset_t& registers) {
    MissingImportPlace place;
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    if (missing_import_at == nullptr || !missing_import_at(rip, place) || rip != place.page) return false;
    registers[REG_RIP] = static_cast<greg_t>(place.code);
    return true;
}

}  // namespace

void (*on_trap_entry)(PorticoTrapFrame& frame) = nullptr;

void prepare_traps() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned xsave_in_use = 1u << 27, avx = 1u << 28;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0)
        portico_trap_xsave = (c & (xsave_in_use | avx)) == (xsave_in_use | avx) ? 1 : 0;
    prepare_instruction_copies();
}

bool take_trap(gregset_t& registers, const FaultAccess& access) {
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const bool in_driver = sim::image_range.contains(rip);
    const auto rsp = static_cast<std::uint64_t>(registers[REG_RSP]);
    if (access.known) {
        if (access.address == rip) return in_driver && enter_missing_import(registers);
        if (in_driver && mm::in_io_range(reinterpret_cast<const void*>(access.address)))
            return has_stack(rsp) && begin_register_access(registers, access.address);
        if (access.write) return false;
        const bool gs = access.address < control_region_size && in_driver && instruction_at(rip).gs;
        return redirect_load(registers, gs ? control_region_address() + access.address : access.address);
    }
    if (!in_driver) return false;
    const auto what = instruction_at(rip);
    if (!can_run(what, registers) || !has_stack(rsp)) return false;
    pending = what;
    enter_from(registers, rip + what.length, run);
    return true;
}

void leave_copy(gregset_t& registers) {
    const auto original = copied_from(static_cast<std::uint64_t>(registers[REG_RIP]));
    if (original != 0) registers[REG_RIP] = static_cast<greg_t>(original);
}

}  // namespace portico::nt::hal

extern "C" __attribute__((visibility("hidden"))) void portico_trap_run(PorticoTrapFrame* frame) {
    portico::nt::hal::on_trap_entry(*frame);
}
