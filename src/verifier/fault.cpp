// fault: what the processor would not do for a driver, or for Portico on its behalf, is the driver's bug
// check: a bad address, code that is none, a division by zero, an illegal instruction, a stack that is used
// up. A fault of Portico's own, with no driver on the stack, is one too when it happens inside the machine:
// most likely it followed what a driver gave or overwrote. What NT makes an exception of is dispatched first
// (nt/seh), below the code at fault: a handler of the driver may take it. The signal handler moves the
// interrupted context into a routine that reports it on a stack of its own, because the one at fault may be
// the reason.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <sys/ucontext.h>
#include <unistd.h>

#include "nt/discarded_code.h"
#include "nt/driver_frames.h"
#include "nt/findings.h"
#include "nt/hal/divisor.h"
#include "nt/hal/instruction.h"
#include "nt/hal/trap.h"
#include "nt/missing_imports.h"
#include "nt/mm/mm.h"
#include "nt/seh/raise.h"
#include "nt/seh/stack_view.h"
#include "nt/seh/switch.h"
#include "sim/address_map.h"
#include "sim/paging.h"
#include "verifier/interrupted.h"
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

enum class FaultKind : std::uint8_t {
    instruction,  // a division by zero, an illegal instruction, a breakpoint
    privileged,   // an instruction that only a kernel may run, and that is not emulated
    fast_fail,    // __fastfail
    assertion,    // NT_ASSERT in a checked driver
    stack_overflow,
    execute_data,
    write_constant,
    missing_import,  // a variable that nobody implements
    no_pointer,      // an address that none can be: the processor does not say which
    paged_out,       // pageable memory, at DISPATCH_LEVEL or above
    raised,          // any other address there
    stumbled,        // Portico itself, with no driver on the stack
    user_address,    // below MmUserProbeAddress, so null pointers too
    system_address,
};

struct Fault : Interrupted {
    int signal = 0;
    std::uint64_t address = 0;
    unsigned access = 0;   // 0 read, 1 write, 8 execute
    bool present = false;  // there is memory, but not for this access
    FaultKind kind = FaultKind::instruction;
    std::uint64_t fast_fail_code = 0;
    bool quotient_overflows = false;
    // Of the exception that no handler took, on the stack at fault; 0: it was not dispatched.
    std::uint64_t exception_record = 0;
    std::uint64_t context_record = 0;
};

Fault pending;
CONTEXT pending_context;
const char* pending_reason = nullptr;  // why no handler took it
alignas(64) char report_stack[256 * 1024];
alignas(64) char signal_stack[64 * 1024];

std::uint64_t report_stack_top() {
    return reinterpret_cast<std::uint64_t>(report_stack) + sizeof report_stack - 256;
}

// The stack must pass through a driver: a fault without one is Portico's own.
bool driver_on_stack(const nt::Stack& stack) {
    for (unsigned i = 0; i < stack.count; ++i) {
        if (sim::image_range.contains(stack.frames[i])) return true;
    }
    return false;
}

// The lowest page of a thread's stack is its guard.
bool in_stack_guard(std::uint64_t address) {
    return sim::stack_range.contains(address) && address < sim::stack_at(address).base;
}

// General protection: the processor says neither why nor where.
FaultKind kind_of_instruction(std::uint64_t rip) {
    if (!sim::image_range.contains(rip)) return FaultKind::no_pointer;
    using Instruction = nt::hal::Instruction;
    switch (nt::hal::instruction_at(rip).kind) {
        case Instruction::Kind::ordinary:
            return FaultKind::no_pointer;
        case Instruction::Kind::fast_fail:
            return FaultKind::fast_fail;
        case Instruction::Kind::assertion:
            return FaultKind::assertion;
        default:
            return FaultKind::privileged;
    }
}

bool is_missing_import(const Fault& fault) {
    nt::MissingImportPlace place;
    return fault.access != 8 && sim::image_range.contains(fault.address) &&
           nt::missing_import_at != nullptr && nt::missing_import_at(fault.address, place);
}

// Every port access of a .sys asks: one look tells nearly all.
bool is_discarded_code(std::uint64_t rip) {
    return sim::image_range.contains(rip) && *reinterpret_cast<const std::uint8_t*>(rip) == nt::halt &&
           nt::discarded_code_at != nullptr && nt::discarded_code_at(rip);
}

FaultKind kind_of(const Fault& fault, bool address_known) {
    if (fault.signal != SIGSEGV && fault.signal != SIGBUS) return FaultKind::instruction;
    if (!address_known) return kind_of_instruction(fault.rip);
    if (in_stack_guard(fault.address)) return FaultKind::stack_overflow;
    if (is_missing_import(fault)) return FaultKind::missing_import;
    if (sim::paging.is_out(fault.address)) return FaultKind::paged_out;
    if (fault.access == 8 && fault.present) return FaultKind::execute_data;
    if (fault.access == 1 && fault.present && fault.address >= sim::user_probe_address)
        return FaultKind::write_constant;
    if (sim::this_processor->irql >= sim::dispatch_level) return FaultKind::raised;
    return fault.address < sim::user_probe_address ? FaultKind::user_address : FaultKind::system_address;
}

std::uint32_t exception_of(const Fault& fault) {
    if (fault.kind == FaultKind::privileged) return 0xC0000096;  // STATUS_PRIVILEGED_INSTRUCTION
    if (fault.kind == FaultKind::assertion) return 0xC0000420;   // STATUS_ASSERTION_FAILURE
    switch (fault.signal) {
        case SIGFPE:
            // STATUS_INTEGER_OVERFLOW, STATUS_INTEGER_DIVIDE_BY_ZERO
            return fault.quotient_overflows ? 0xC0000095 : 0xC0000094;
        case SIGILL:
            return 0xC000001D;  // STATUS_ILLEGAL_INSTRUCTION
        case SIGTRAP:
            return 0x80000003;  // STATUS_BREAKPOINT
        default:
            return 0xC0000005;  // STATUS_ACCESS_VIOLATION
    }
}

// The codes of winnt.h that drivers meet.
const char* what_failed(std::uint64_t code) {
    switch (code) {
        case 2:
            return "The driver stops itself (__fastfail): a stack cookie was overwritten, so a buffer on the "
                   "stack overran.";
        case 3:
            return "The driver stops itself (__fastfail): the links of a list do not belong together.";
        case 5:
            return "The driver stops itself (__fastfail): a function got an argument that it cannot have.";
        case 6:
            return "The driver stops itself (__fastfail): the stack cookie was not made ready.";
        case 10:
            return "The driver stops itself (__fastfail): a call through a pointer leads to no function.";
        default:
            return "The driver stops itself (__fastfail).";
    }
}

const char* what_of_registers(std::uint64_t address) {
    std::uint64_t physical = 0;
    if (!nt::mm::translate_io(reinterpret_cast<const void*>(address), &physical))
        return "The driver touches an address for device registers where none are mapped, or no longer.";
    return "The driver touches mapped device registers in a way that is not done here (a push, a string "
           "comparison, across the end of the mapping); use READ_REGISTER_xxx or WRITE_REGISTER_xxx.";
}

const char* what(const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::privileged:
            return "The driver runs an instruction of kernel mode that is not emulated here.";
        case FaultKind::fast_fail:
            return what_failed(fault.fast_fail_code);
        case FaultKind::assertion:
            return "An assertion of the driver does not hold.";
        case FaultKind::stack_overflow:
            return "The driver's kernel stack is used up: its calls or its local variables are too many.";
        case FaultKind::paged_out:
            if (fault.access == 8)
                return "The driver runs code of a PAGE section at DISPATCH_LEVEL or above, where it may be "
                       "paged out.";
            return fault.access == 1
                       ? "The driver writes to pageable memory at DISPATCH_LEVEL or above, where "
                         "it may be paged out."
                       : "The driver reads pageable memory at DISPATCH_LEVEL or above, where it "
                         "may be paged out.";
        case FaultKind::execute_data:
            return "The driver jumps into data, which cannot be executed.";
        case FaultKind::write_constant:
            return "The driver writes to memory that is read-only.";
        case FaultKind::no_pointer:
            return "The driver uses a pointer that holds no address (not canonical), as freed or overwritten "
                   "memory does.";
        default:
            break;
    }
    switch (fault.signal) {
        case SIGFPE:
            return fault.quotient_overflows
                       ? "The driver divides, and the quotient is too large for its register."
                       : "The driver divides by zero.";
        case SIGILL:
            return "The driver runs into an illegal instruction.";
        case SIGTRAP:
            return "The driver runs into a breakpoint, and no debugger is attached.";
        default:
            break;
    }
    if (fault.access != 8 && nt::mm::in_io_range(reinterpret_cast<const void*>(fault.address)))
        return what_of_registers(fault.address);
    const bool null = fault.address < 0x10000;
    if (fault.access == 8)
        return null ? "The driver calls through a null pointer."
                    : "The driver jumps to an address where there is no code.";
    if (fault.access == 1)
        return null ? "The driver writes through a null pointer."
                    : "The driver writes to an address that is not there.";
    return null ? "The driver reads through a null pointer."
                : "The driver reads an address that is not there.";
}

// What Portico did last on this processor, as far as the trace has a name for it.
const char* last_work() {
    constexpr std::uint64_t looked_at_most = 256;
    const std::uint64_t end = sim::trace.count();
    for (std::uint64_t back = 1; back <= end && back <= looked_at_most; ++back) {
        const sim::TraceRecord& record = sim::trace.at(end - back);
        const bool work =
            record.kind == sim::TraceKind::call || record.kind == sim::TraceKind::callback_enter ||
            record.kind == sim::TraceKind::callback_leave || record.kind == sim::TraceKind::irp_complete ||
            record.kind == sim::TraceKind::client;
        if (work && record.name != nullptr && record.processor == sim::this_processor->index)
            return record.name;
    }
    return "the start of the machine";
}

nt::Finding finding_of_stumble(const Fault& fault) {
    auto finding =
        make(nt::Severity::bug_check, "stumble", 0x50,
             "Portico stumbled over memory that a driver gave or overwrote, after %s. If no driver "
             "did, it is Portico's own fault: please report it.",
             last_work());
    set_parameters(finding, {{"address", fault.address},
                             {"access: 0 read, 1 write, 8 execute", fault.access},
                             {"instruction, of Portico", fault.rip},
                             {"signal", static_cast<std::uint64_t>(fault.signal)}});
    return finding;
}

nt::Finding finding_of_variable(const Fault& fault) {
    nt::MissingImportPlace place;
    nt::missing_import_at(fault.address, place);
    auto finding = make(nt::Severity::bug_check, "missing-import", 0xC4,
                        "The driver %s the variable %s, which Portico does not have.",
                        fault.access == 1 ? "writes to" : "reads", place.label.data());
    set_parameters(finding, {{"caller", fault.rip}});
    return finding;
}

// What no handler of a system thread takes.
nt::Finding finding_of_thread(const Fault& fault, std::uint32_t code) {
    auto finding = make(nt::Severity::bug_check, "fault", code, "%s", what(fault));
    if (fault.kind == FaultKind::user_address) {
        const auto length = std::strlen(finding.text);
        std::snprintf(finding.text + length - 1, sizeof finding.text - length, ", at 0x%llX.",
                      static_cast<unsigned long long>(fault.address));
    }
    set_parameters(finding, {{"exception", exception_of(fault)},
                             {"instruction", fault.rip},
                             {"exception record", fault.exception_record},
                             {"context record", fault.context_record}});
    return finding;
}

nt::Finding finding_of(const Fault& fault) {
    constexpr const char* access = "access: 0 read, 1 write, 8 execute";
    const auto stop = [&](std::uint32_t code, std::initializer_list<Parameter> parameters) {
        auto finding = make(nt::Severity::bug_check, "fault", code, "%s", what(fault));
        set_parameters(finding, parameters);
        return finding;
    };
    if (fault.exception_record != 0) {
        const std::uint32_t code = nt::seh::unhandled_code();
        if (code == SYSTEM_THREAD_EXCEPTION_NOT_HANDLED) return finding_of_thread(fault, code);
    }
    switch (fault.kind) {
        case FaultKind::instruction:
        case FaultKind::privileged:
        case FaultKind::assertion:
            return stop(0x1E, {{"exception", exception_of(fault)}, {"instruction", fault.rip}});
        case FaultKind::missing_import:
            return finding_of_variable(fault);
        case FaultKind::stumbled:
            return finding_of_stumble(fault);
        case FaultKind::fast_fail:
            return stop(0x139, {{"code", fault.fast_fail_code}, {"instruction", fault.rip}});
        case FaultKind::paged_out:
            // 0xD3 is for code in pageable sections, 0xD1 for data.
            return stop(fault.access == 8 ? 0xD3 : 0xD1, {{"address", fault.address},
                                                          {"IRQL", sim::this_processor->irql},
                                                          {access, fault.access},
                                                          {"instruction", fault.rip}});
        case FaultKind::stack_overflow:
            return stop(0x7F,
                        {{"trap: double fault", 8}, {"address", fault.address}, {"instruction", fault.rip}});
        case FaultKind::execute_data:
            return stop(0xFC, {{"address", fault.address}});
        case FaultKind::write_constant:
            return stop(0xBE, {{"address", fault.address}});
        case FaultKind::raised:
            return stop(0xD1, {{"address", fault.address},
                               {"IRQL", sim::this_processor->irql},
                               {access, fault.access},
                               {"instruction", fault.rip}});
        case FaultKind::system_address:
            return stop(0x50,
                        {{"address", fault.address}, {access, fault.access}, {"instruction", fault.rip}});
        case FaultKind::no_pointer:
        case FaultKind::user_address:
            break;
    }
    return stop(0x1E, {{"exception", exception_of(fault)},
                       {"instruction", fault.rip},
                       {access, fault.access},
                       {"address", fault.address}});
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
    auto finding = finding_of(fault);
    if (pending_reason != nullptr) {
        const auto length = std::strlen(finding.text);
        std::snprintf(finding.text + length - 1, sizeof finding.text - length, "%s", pending_reason);
    }
    finding.stack = stack_of(fault);
    nt::report(finding);
    std::abort();
}

// Pageable memory comes back below DISPATCH_LEVEL, and for Portico itself.
bool bring_in(const Fault& fault) {
    if (!sim::paging.is_out(fault.address)) return false;
    if (sim::this_processor->irql >= sim::dispatch_level && driver_on_stack(stack_of(fault))) return false;
    sim::paging.bring_in(fault.address);
    return true;
}

// NT raises these; what else the processor refuses is the end of it, whatever handlers there are.
bool is_exception(FaultKind kind) {
    return kind == FaultKind::instruction || kind == FaultKind::privileged || kind == FaultKind::assertion ||
           kind == FaultKind::user_address || kind == FaultKind::no_pointer;
}

EXCEPTION_RECORD record_of(const Fault& fault) {
    EXCEPTION_RECORD record{};
    record.ExceptionCode = static_cast<NTSTATUS>(exception_of(fault));
    record.ExceptionAddress = reinterpret_cast<void*>(fault.rip);
    if (fault.kind != FaultKind::user_address && fault.kind != FaultKind::no_pointer) return record;
    record.NumberParameters = 2;
    record.ExceptionInformation[0] = fault.access;
    record.ExceptionInformation[1] = fault.address;
    return record;
}

// On the stack of the code at fault, below what that uses.
[[noreturn]] void dispatch_fault() {
    const Fault fault = pending;
    CONTEXT context = pending_context;
    EXCEPTION_RECORD record = record_of(fault);
    const nt::seh::Dispatched dispatched = nt::seh::dispatch(record, context, nt::seh::Lead::none);
    if (dispatched.outcome == nt::seh::Outcome::continued) nt::seh::go_on_with(context, record);
    pending = fault;
    pending.exception_record = reinterpret_cast<std::uint64_t>(&record);
    pending.context_record = reinterpret_cast<std::uint64_t>(&context);
    pending_reason = nt::seh::why_unhandled(dispatched);
    nt::seh::run_on(report_stack_top(), report_fault);
}

void keep_context(const ucontext_t& interrupted) {
    const auto& registers = interrupted.uc_mcontext.gregs;
    const auto value = [&](int index) { return static_cast<std::uint64_t>(registers[index]); };
    pending_context = {};
    pending_context.ContextFlags = CONTEXT_FULL;
    constexpr int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (unsigned i = 0; i < 16; ++i) (&pending_context.Rax)[i] = value(order[i]);
    pending_context.Rip = pending.rip;
    pending_context.EFlags = static_cast<ULONG>(value(REG_EFL));
    std::memcpy(&pending_context.FltSave, interrupted.uc_mcontext.fpregs, sizeof pending_context.FltSave);
    pending_context.MxCsr = pending_context.FltSave.MxCsr;
}

// There is room on the interrupted stack for the dispatcher and for what it calls.
bool has_room(std::uint64_t rsp) {
    constexpr std::uint64_t room = 24 * 1024;
    const auto stack = nt::seh::StackView::current();
    return stack.contains(rsp) && rsp - stack.low > room;
}

// As if `routine` had just been called on a stack of which what lies below `top` is free.
void call_on(gregset_t& registers, std::uint64_t top, void (*routine)()) {
    registers[REG_RSP] = static_cast<greg_t>((top & ~63ull) - 8);
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(routine));
    registers[REG_EFL] &= ~0x400;  // direction flag
}

// Where frames can be read on a simulated stack.
bool in_stack(std::uint64_t address) {
    return sim::stack_range.contains(address) && !in_stack_guard(address);
}

// The code at fault runs in the machine: a driver's, wherever its stack is, or Portico's on a simulated
// stack.
bool is_simulated(const Fault& fault, std::uint64_t rsp) {
    return sim::image_range.contains(fault.rip) || sim::stack_range.contains(rsp) ||
           sim::stack_range.contains(rsp + sim::page_size);
}

// The second fault of two is one of what tells about the first.
class Taking {
  public:
    explicit Taking(const Fault& fault) {
        if (std::exchange(busy, true)) die_of(fault);
    }
    ~Taking() { busy = false; }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;

  private:
    static inline bool busy = false;
};

// While a host thread has one: what it had before comes back at its end, since AddressSanitizer unmaps what
// it finds then.
class SignalStack {
  public:
    SignalStack() {
        stack_t own{};
        own.ss_sp = signal_stack;
        own.ss_size = sizeof signal_stack;
        ::sigaltstack(&own, &before_);
    }
    ~SignalStack() { ::sigaltstack(&before_, nullptr); }
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

  private:
    stack_t before_{};
};

void on_signal(int signal, siginfo_t* info, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    nt::hal::leave_copy(registers);
    const bool memory = signal == SIGSEGV || signal == SIGBUS;
    bool address_known = memory && info->si_code != SI_KERNEL;
    auto error = static_cast<std::uint64_t>(registers[REG_ERR]);
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const auto rsp = static_cast<std::uint64_t>(registers[REG_RSP]);
    auto address = reinterpret_cast<std::uint64_t>(info->si_addr);
    if (memory && !address_known && is_discarded_code(rip)) {
        address_known = true;
        address = rip;
        error = 16;
    }
    if (memory && nt::hal::take_trap(registers, {address, address_known, (error & 2) != 0})) return;
    pending = {};
    pending.signal = signal;
    // After a breakpoint the processor stands behind it.
    pending.rip = rip - (signal == SIGTRAP ? 1 : 0);
    const Taking taking(pending);
    if (const auto rbp = static_cast<std::uint64_t>(registers[REG_RBP]); in_stack(rbp)) pending.rbp = rbp;
    if (sim::stack_range.contains(rsp)) pending.rsp = rsp;
    pending.address = address_known ? address : memory ? ~0ull : 0;
    if (address_known) {
        pending.access = (error & 16) != 0 ? 8 : (error & 2) != 0 ? 1 : 0;
        pending.present = (error & 1) != 0;
    }
    if (address_known && bring_in(pending)) return;
    pending.kind = kind_of(pending, address_known);
    if (signal == SIGFPE) pending.quotient_overflows = nt::hal::quotient_overflows(registers);
    pending.fast_fail_code = static_cast<std::uint64_t>(registers[REG_RCX]) & 0xffffffff;
    // After a jump to where no code is, the caller is on the stack's top.
    if (pending.access == 8 && sim::stack_range.contains(rsp))
        pending.caller = *reinterpret_cast<const std::uint64_t*>(rsp);
    if (!is_simulated(pending, rsp)) die_of(pending);
    if (!driver_on_stack(stack_of(pending))) pending.kind = FaultKind::stumbled;
    pending_reason = nullptr;
    if (is_exception(pending.kind) && has_room(rsp)) {
        keep_context(*static_cast<const ucontext_t*>(context));
        constexpr std::uint64_t red_zone = 128;
        call_on(registers, rsp - red_zone, dispatch_fault);
        return;
    }
    go_on_in(registers, report_fault);
}

}  // namespace

nt::Stack stack_of(const Interrupted& place) {
    nt::Stack stack;
    if (place.caller == 0) {
        nt::walk_stack(stack, {place.rip, place.rsp, place.rbp, false});
    } else {
        stack.frames[stack.count++] = place.rip;
        nt::walk_stack(stack, {place.caller, place.rsp + sizeof place.caller, place.rbp, true});
    }
    return stack;
}

void go_on_in(gregset_t& registers, void (*routine)()) {
    call_on(registers, report_stack_top(), routine);
    registers[REG_RBP] = 0;
}

// Once: the kernel is asked six times for it, which a machine would feel that lives for 50 us.
void install_fault_rule() {
    static thread_local const SignalStack stack;
    static bool installed = false;
    if (std::exchange(installed, true)) return;
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) ::sigaction(signal, &action, nullptr);
}

}  // namespace portico::verifier
