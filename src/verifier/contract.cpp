// contract, missing-import: promises of an interface that the driver breaks, and functions that nobody
// implements.
#include <algorithm>
#include <cstring>
#include <span>

#include "nt/findings.h"
#include "sim/address_map.h"
#include "sim/trace.h"
#include "verifier/rules.h"
#include "verifier/verifier.h"

namespace portico::verifier {
namespace {

// These are habits that the documents call usual, not duties (FLD-031 and the P lines), what Portico does not
// have (FN-035), or what only makes no sense (CA-001): advice.
bool is_advice(const char* requirement) {
    static const char* const advices[] = {"PM-033", "PM-052", "PM-020", "MS-055",
                                          "IP-045", "FN-035", "CA-001"};
    for (const char* one : advices) {
        if (std::strcmp(one, requirement) == 0) return true;
    }
    return false;
}

// The driver's routine that has just returned to Portico, which looks at what came of it; 0: the driver has
// not returned yet, or it is too long ago.
std::uint64_t last_returned() {
    constexpr std::uint64_t looked_at_most = 1024;
    const std::uint64_t end = sim::trace.count();
    int depth = 0;
    for (std::uint64_t back = 1; back <= end && back <= looked_at_most; ++back) {
        const sim::TraceRecord& record = sim::trace.at(end - back);
        if (record.processor != sim::this_processor->index) continue;
        if (record.kind == sim::TraceKind::callback_leave) ++depth;
        if (record.kind == sim::TraceKind::callback_enter && --depth <= 0) return depth < 0 ? 0 : record.a;
    }
    return 0;
}

// That routine alone when no driver is on the stack: what Portico does after it is nobody's concern.
nt::Stack stack_with_driver() {
    nt::Stack stack;
    nt::capture_stack(stack);
    const std::span frames(stack.frames.data(), stack.count);
    const auto is_driver = [](std::uint64_t frame) { return sim::image_range.contains(frame); };
    if (std::any_of(frames.begin(), frames.end(), is_driver)) return stack;
    const std::uint64_t routine = last_returned();
    if (!is_driver(routine)) return stack;
    stack = {};
    stack.frames[stack.count++] = routine + 1;  // read as a return address
    return stack;
}

void broken(const char* requirement, const void* object, const char* text) {
    auto finding = make(is_advice(requirement) ? nt::Severity::advice : nt::Severity::finding, requirement,
                        0x1C4, "%s", text);
    set_parameters(finding, {{"object", reinterpret_cast<std::uint64_t>(object)}});
    finding.stack = stack_with_driver();
    nt::report(finding);
}

void missing(const char* name, std::uint64_t caller) {
    auto finding = make(nt::Severity::bug_check, "missing-import", 0xC4,
                        "The driver calls %s, which Portico does not have.", name);
    set_parameters(finding, {{"caller", caller}});
    nt::report(finding);
}

}  // namespace

void tell_missing_import(const char* name, std::uint64_t stub, const char* hint) {
    auto finding =
        make(nt::Severity::advice, "missing-import", 0,
             "The driver imports %s, which Portico does not have; a call or an access of it stops the "
             "machine%s%s.",
             name, *hint != 0 ? ": " : "", hint);
    set_parameters(finding, {{"stub", stub}});
    nt::report(finding);
}

void install_contract_rule() {
    nt::probes.contract = broken;
    nt::probes.missing_import = missing;
}

}  // namespace portico::verifier
