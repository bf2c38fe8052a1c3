// fault: a bad address, a division by zero, an illegal instruction in a driver, or in Portico on its behalf,
// is the driver's bug check. The signal handler moves the interrupted context into a routine that reports it
// on a stack of its own, because the one at fault may be the reason.
#include <csignal>
#include <cstdlib>
#include <sys/ucontext.h>
#include <unistd.h>

#include "nt/findings.h"
#include "sim/address_map.h"
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

struct Fault {
    int signal = 0;
    std::uint64_t rip = 0;
    std::uint64_t rbp = 0;
    std::uint64_t address = 0;
    unsigned access = 0;  // 0 read, 1 write, 8 execute
    bool address_known = false;
};

Fault pending;
alignas(64) char report_stack[256 * 1024];
alignas(64) char signal_stack[64 * 1024];

// The stack must pass through a driver: a fault without one is Portico's own.
bool driver_on_stack(const nt::Stack& stack) {
    for (unsigned i = 0; i < stack.count; ++i) {
        if (sim::image_range.contains(stack.frames[i])) return true;
    }
    return false;
}

std::uint32_t code_of(const Fault& fault) {
    if (fault.signal != SIGSEGV && fault.signal != SIGBUS) return 0x1E;
    if (sim::this_processor->irql >= sim::dispatch_level) return 0xD1;
    return fault.address_known ? 0x50 : 0x1E;
}

std::uint32_t exception_of(int signal) {
    switch (signal) {
        case SIGFPE:
            return 0xC0000094;  // STATUS_INTEGER_DIVIDE_BY_ZERO
        case SIGILL:
            return 0xC000001D;  // STATUS_ILLEGAL_INSTRUCTION
        case SIGTRAP:
            return 0x80000003;  // STATUS_BREAKPOINT
        default:
            return 0xC0000005;  // STATUS_ACCESS_VIOLATION
    }
}

const char* what(const Fault& fault) {
    switch (fault.signal) {
        case SIGFPE:
            return "The driver divides by zero.";
        case SIGILL:
            return "The driver runs into an illegal instruction.";
        case SIGTRAP:
            return "The driver runs into a breakpoint.";
        default:
            break;
    }
    if (fault.address_known && fault.address < 0x10000) {
        return fault.access == 1 ? "The driver writes through a null pointer."
                                 : "The driver reads through a null pointer.";
    }
    if (fault.access == 8) return "The driver jumps to an address where there is no code.";
    return fault.access == 1 ? "The driver writes to an address that is not there."
                             : "The driver reads an address that is not there.";
}

[[noreturn]] void die_of(const Fault& fault) {
    std::fprintf(stderr, "portico: internal fault: signal %d at instruction %#llx, address %#llx\n",
                 fault.signal, static_cast<unsigned long long>(fault.rip),
                 static_cast<unsigned long long>(fault.address));
    std::signal(fault.signal, SIG_DFL);
    std::raise(fault.signal);
    std::abort();
}

[[noreturn]] void report_fault() {
    const Fault fault = pending;
    const std::uint32_t code = code_of(fault);
    auto finding = make(nt::Severity::bug_check, "fault", code, "%s", what(fault));
    if (code == 0x1E) {
        set_parameters(finding, {{"exception", exception_of(fault.signal)}, {"instruction", fault.rip}});
    } else if (code == 0x50) {
        set_parameters(finding, {{"address", fault.address},
                                 {"access: 0 read, 1 write, 8 execute", fault.access},
                                 {"instruction", fault.rip}});
    } else {
        set_parameters(finding, {{"address", fault.address},
                                 {"IRQL", sim::this_processor->irql},
                                 {"access: 0 read, 1 write, 8 execute", fault.access},
                                 {"instruction", fault.rip}});
    }
    nt::walk_stack(finding.stack, fault.rip, fault.rbp);
    nt::report(finding);
    std::abort();
}

void on_signal(int signal, siginfo_t* info, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    pending.signal = signal;
    pending.rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    pending.rbp = static_cast<std::uint64_t>(registers[REG_RBP]);
    pending.address =
        signal == SIGSEGV || signal == SIGBUS ? reinterpret_cast<std::uint64_t>(info->si_addr) : 0;
    pending.address_known = (signal == SIGSEGV || signal == SIGBUS) && info->si_code != SI_KERNEL;
    const auto error = static_cast<std::uint64_t>(registers[REG_ERR]);
    pending.access = (error & 16) != 0 ? 8 : (error & 2) != 0 ? 1 : 0;
    // A jump to nowhere leaves the caller on the stack's top, and no frame of its own.
    nt::Stack stack;
    const auto rsp = static_cast<std::uint64_t>(registers[REG_RSP]);
    if (pending.access == 8 && sim::stack_range.contains(rsp)) {
        stack.frames[stack.count++] = *reinterpret_cast<const std::uint64_t*>(rsp);
    }
    nt::walk_stack(stack, pending.rip, pending.rbp);
    const bool inside = sim::stack_range.contains(rsp) || sim::stack_range.contains(rsp + sim::page_size);
    if (!inside || !driver_on_stack(stack)) die_of(pending);
    registers[REG_RSP] =
        static_cast<greg_t>((reinterpret_cast<std::uint64_t>(report_stack) + sizeof report_stack - 256) &
                            ~63ull) -
        8;
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(&report_fault));
    registers[REG_RBP] = 0;
    registers[REG_EFL] &= ~0x400;  // direction flag
}

}  // namespace

void install_fault_rule() {
    stack_t alternate{};
    alternate.ss_sp = signal_stack;
    alternate.ss_size = sizeof signal_stack;
    ::sigaltstack(&alternate, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(signal, &action, nullptr);
}

}  // namespace portico::verifier
