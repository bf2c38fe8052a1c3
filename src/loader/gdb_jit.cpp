#include "loader/gdb_jit.h"

#include <fstream>
#include <string>

namespace {

enum JitAction : std::uint32_t { jit_no_action, jit_register, jit_unregister };

struct JitDescriptor {
    std::uint32_t version;
    std::uint32_t action;
    portico::loader::JitEntry* relevant;
    portico::loader::JitEntry* first;
};

}  // namespace

extern "C" {

// gdb finds these two by name and stops at the function.
__attribute__((visibility("default"), used))
JitDescriptor __jit_debug_descriptor = {1, jit_no_action, nullptr, nullptr};

__attribute__((visibility("default"), noinline, used)) void __jit_debug_register_code() {
    asm volatile("" ::: "memory");
}
}

namespace portico::loader {
namespace {

bool find_debugger() {
    std::ifstream status("/proc/self/status");
    const std::string key = "TracerPid:";
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key)) return line.find_first_of("123456789", key.size()) != std::string::npos;
    }
    return false;
}

void announce(JitEntry& entry, JitAction action) {
    __jit_debug_descriptor.relevant = &entry;
    __jit_debug_descriptor.action = action;
    __jit_debug_register_code();
    __jit_debug_descriptor.action = jit_no_action;
}

}  // namespace

bool is_debugged() {
    static const bool debugged = find_debugger();
    return debugged;
}

void register_image(JitEntry& entry, Bytes file) {
    entry = {__jit_debug_descriptor.first, nullptr, file.data(), file.size()};
    if (entry.next != nullptr) entry.next->previous = &entry;
    __jit_debug_descriptor.first = &entry;
    announce(entry, jit_register);
}

void forget_image(JitEntry& entry) {
    if (entry.previous != nullptr) {
        entry.previous->next = entry.next;
    } else {
        __jit_debug_descriptor.first = entry.next;
    }
    if (entry.next != nullptr) entry.next->previous = entry.previous;
    announce(entry, jit_unregister);
}

}  // namespace portico::loader
