// The rules that watch a driver: each a file, with the bug-check code that Windows would give
// (docs/spec/verifier.md). A rule hangs in a probe of src/nt/probes.h and reports through src/nt/findings.h.
#pragma once

#include "nt/probes.h"

namespace portico::verifier {

// Puts every rule into its probe. They are always on.
void install();

// Advice, before the driver runs: it imports what Portico does not have. `stub` is where a call of it would
// go; `hint` why it is missing and what to do, or "".
void tell_missing_import(const char* name, std::uint64_t stub, const char* hint);

// What one rule is, for documentation and the report.
struct Rule {
    const char* id;        // "irql-ddi"
    std::uint32_t code;    // the bug check it most often raises
    const char* sentence;  // what it demands
};
const Rule* rule_at(unsigned index);  // null past the end
const Rule* find_rule(const char* id);

}  // namespace portico::verifier
