// Other programs: run to their end, with or without what they say.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace portico::build {

using Arguments = std::vector<std::string>;

struct Outcome {
    int exit = 0;        // of a program that a signal ended: 128 + signal
    std::string output;  // standard output and standard error, in the order of their writing
};

// `arguments[0]` is the program's path.
Result<Outcome> run(const Arguments& arguments);
// From now on an interrupt (Ctrl-C) or a request to end goes to what run() runs alone, and run() then starts
// nothing more: this program ends by its own way and takes its unfinished files along.
void outlive_interrupts();
// The same with this program's own streams; the exit code.
Result<int> run_through(const Arguments& arguments);

// A tool of the LLVM tool chain or ninja, under its plain name or Debian's versioned one, from PATH.
Result<std::string> find_tool(const std::string& name);

}  // namespace portico::build
