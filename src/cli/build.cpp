#include "build/build.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/print.h"
#include "cli/verbs.h"

namespace portico::cli {

int build_driver(const BuildOptions& options) {
    build::BuildRequest request;
    request.paths = options.paths;
    request.output = options.output;
    request.entry = options.entry;
    request.jobs = options.jobs;
    request.compile.config = options.config == "free" ? build::Config::free : build::Config::checked;
    request.compile.asan = options.asan;
    request.compile.coverage = options.coverage;
    request.compile.skip_asm = options.no_asm;
    request.compile.includes = options.includes;
    for (const std::string& macro : options.defines) request.compile.macros.push_back("-D" + macro);
    for (const std::string& macro : options.undefines) request.compile.macros.push_back("-U" + macro);
    const auto report = build::build(request);
    if (!report.ok()) return fail(report.error());
    std::string text;
    for (const std::string& note : report->notes) text += note + "\n";
    text += fmt::format("{}: {} {}\n", report->output, report->sources,
                        report->sources == 1 ? "source" : "sources");
    return print_out(text, 0);
}

}  // namespace portico::cli
