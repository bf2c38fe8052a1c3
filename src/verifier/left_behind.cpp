// left-behind: what a driver made is gone when it is unloaded (verifier.md: 0xC4/0x62, 0xC7, 0xCE; LC-058).
#include <cstring>

#include "verifier/rules.h"

namespace portico::verifier {
namespace {

struct LeftRule {
    const char* name;
    std::uint32_t code;
    std::uint64_t first;
    const char* first_name;
};

LeftRule rule_of(nt::LeftKind kind) {
    switch (kind) {
        case nt::LeftKind::pool_block:
            return {"pool block", 0xC4, 0x62, "kind: memory at unload"};
        case nt::LeftKind::object:
            return {"object", 0xC4, 0x62, "kind: memory at unload"};
        case nt::LeftKind::reference:
            return {"reference", 0x18, 0, "kind"};
        case nt::LeftKind::handle:
            return {"handle", 0xC4, 0xF6, "kind: handle"};
        case nt::LeftKind::timer:
            return {"armed timer", 0xC7, 0, "kind: 0 timer, 1 DPC"};
        case nt::LeftKind::dpc:
            return {"queued DPC", 0xC7, 1, "kind: 0 timer, 1 DPC"};
        case nt::LeftKind::work_item:
            return {"queued work item", 0xCE, 0, "kind: 0 work item, 1 interrupt, 2 device"};
        case nt::LeftKind::interrupt:
            return {"connected interrupt", 0xCE, 1, "kind: 0 work item, 1 interrupt, 2 device"};
        case nt::LeftKind::device:
            return {"device object", 0xCE, 2, "kind: 0 work item, 1 interrupt, 2 device"};
        case nt::LeftKind::lookaside_list:
            return {"lookaside list", 0xC4, 0xCC, "kind: lookaside list"};
    }
    return {"thing", 0xC4, 0, "kind"};
}

bool is_vowel(char c) {
    return std::strchr("aeiou", c) != nullptr;
}

void left(const nt::LeftBehind& left) {
    const LeftRule rule = rule_of(left.kind);
    const bool named = left.what != nullptr && left.what[0] != 0 && std::strcmp(left.what, rule.name) != 0;
    auto finding = make(
        nt::Severity::finding, "left-behind", rule.code, "The driver is unloaded and left %s %s%s%s behind.",
        is_vowel(rule.name[0]) ? "an" : "a", rule.name, named ? " " : "", named ? left.what : "");
    set_parameters(finding, {{rule.first_name, rule.first},
                             {"address", left.address},
                             {"size", left.size},
                             {"references", left.references}});
    finding.subject = {rule.name, left.address, left.size, left.tag, left.made, {}};
    // The place that matters is where it was made: the driver's own code is not on the stack any more.
    for (const auto frame : left.made.frames) {
        if (frame != 0 && finding.stack.count < nt::Stack::depth)
            finding.stack.frames[finding.stack.count++] = frame;
    }
    nt::report(finding);
}

}  // namespace

void install_left_behind_rule() {
    nt::probes.left_behind = left;
}

}  // namespace portico::verifier
