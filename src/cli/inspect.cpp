#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "cli/verbs.h"
#include "machine/inspect.h"
#include "machine/state.h"
#include "machine/topology_test.h"

extern char** environ;

namespace portico::cli {
namespace {

bool on_terminal() {
    return ::isatty(STDOUT_FILENO) != 0;
}

// Reads all that the program says while it is fed `input`: graphviz reads everything before it writes.
Result<std::string> through(const char* program, const char* argument, std::string_view input) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
        return Error{"no pipe", ExitCode::missing};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    char* const arguments[] = {const_cast<char*>(program), const_cast<char*>(argument), nullptr};
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program, &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    for (std::size_t at = 0; error == 0 && at < input.size();) {
        const ssize_t wrote = ::write(in[1], input.data() + at, input.size() - at);
        if (wrote <= 0) break;
        at += static_cast<std::size_t>(wrote);
    }
    ::close(in[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got; error == 0 && (got = ::read(out[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    ::close(out[0]);
    int status = 0;
    if (error == 0) ::waitpid(child, &status, 0);
    if (error != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
        return Error{"--svg needs dot from graphviz: apt-get install graphviz", ExitCode::missing};
    if (status != 0 || text.empty()) return Error{"dot from graphviz failed", ExitCode::missing};
    return text;
}

Result<void> write_svg(const report::Graph& graph, const std::string& path) {
    const std::string svg = PORTICO_TRY(through("dot", "-Tsvg", report::graph_dot(graph)));
    return machine::write_whole(path, svg);
}

}  // namespace

int inspect(const RunOptions& options, const InspectOptions& form) {
    auto setup = setup_of(options);
    if (!setup.ok()) return fail(setup.error());
    setup.value().ends = {};
    if (!form.svg.empty()) {
        const auto files = check_files(options, setup.value(), {}, {{form.svg, "the picture"}});
        if (!files.ok()) return fail(files.error());
    }
    const auto inspection = machine::inspect(setup.value().machine);
    if (!inspection.ok()) return fail(inspection.error());
    const report::Graph& graph = inspection.value().graph;
    const int code = inspection.value().findings.empty() ? 0 : static_cast<int>(ExitCode::findings);
    if (!form.svg.empty()) {
        const auto written = write_svg(graph, form.svg);
        return written.ok() ? code : fail(written.error());
    }
    if (form.dot) return print_out(report::graph_dot(graph), code);
    if (options.json) return print_out(report::graph_json(graph), code);
    return print_out(report::graph_text(graph, on_terminal()), code);
}

int topology_test(const RunOptions& options) {
    const auto setup = setup_of(options);
    if (!setup.ok()) return fail(setup.error());
    const auto report = machine::topology_test(setup.value().machine);
    if (!report.ok()) return fail(report.error());
    const auto& checks = report.value().checks;
    const bool failed = machine::count_of(checks, machine::TopologyCheck::Outcome::failed) != 0;
    const int code = failed || !report.value().findings.empty() ? static_cast<int>(ExitCode::findings) : 0;
    if (options.json) return print_out(machine::topology_json(checks), code);
    return print_out(machine::topology_text(checks, on_terminal()), code);
}

}  // namespace portico::cli
