#include "build/process.h"

#include <fcntl.h>
#include <csignal>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

extern char** environ;

namespace portico::build {
namespace {

volatile std::sig_atomic_t interrupted = 0;

Error not_started(const std::string& program, int error) {
    return {program + " does not start: " + std::strerror(error), ExitCode::missing};
}

// Compilers allocate much and are short-lived: memory in large pages saves them up to a sixth of their time.
std::vector<char*> environment() {
    static char tunables[] = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1";
    std::vector<char*> all;
    for (char** variable = environ; *variable != nullptr; ++variable) all.push_back(*variable);
    if (std::getenv("GLIBC_TUNABLES") == nullptr) all.push_back(tunables);
    all.push_back(nullptr);
    return all;
}

Result<pid_t> spawn(const Arguments& arguments, int output) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (output >= 0) {
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    }
    pid_t child = 0;
    const int error = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environment().data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return not_started(arguments[0], error);
    return child;
}

int exit_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool is_program(const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

void outlive_interrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

Result<Outcome> run(const Arguments& arguments) {
    if (interrupted != 0) return Error{"interrupted", ExitCode::findings};
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return not_started(arguments[0], errno);
    const auto child = spawn(arguments, ends[1]);
    ::close(ends[1]);
    Outcome outcome;
    std::array<char, 16384> part;
    while (child.ok()) {
        const ssize_t got = ::read(ends[0], part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        outcome.output.append(part.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    if (!child.ok()) return child.error();
    outcome.exit = exit_of(*child);
    return outcome;
}

Result<int> run_through(const Arguments& arguments) {
    return exit_of(PORTICO_TRY(spawn(arguments, -1)));
}

Result<std::string> find_tool(const std::string& name) {
    const char* const variable = std::getenv("PATH");
    const std::string_view folders = variable != nullptr ? variable : "/usr/bin:/bin";
    for (const char* suffix : {"", "-14", "-15", "-16"}) {
        for (std::size_t begin = 0; begin <= folders.size();) {
            const std::size_t end = std::min(folders.find(':', begin), folders.size());
            const std::string path = std::string(folders.substr(begin, end - begin)) + "/" + name + suffix;
            if (is_program(path)) return path;
            begin = end + 1;
        }
    }
    const char* const packages =
        name == "ninja" ? "the package ninja-build" : "the packages clang, lld and llvm";
    return Error{name + " is not installed; install " + packages, ExitCode::missing};
}

}  // namespace portico::build
