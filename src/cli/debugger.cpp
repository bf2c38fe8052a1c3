// portico gdb: the debugger around a run of this program. gdb reads drivers' symbols from the program's
// memory as they are loaded (src/loader/gdb_jit.h), so there is nothing to tell it but what not to stop at.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/verbs.h"

namespace portico::cli {
namespace {

std::string program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "portico" : self.string();
}

// What gdb is told first. Pageable memory comes back, and a .sys reaches ports, by signals that nobody wants
// to see: a driver's fault is found at portico::nt::report.
constexpr const char* commands[] = {"set debuginfod enabled off", "set breakpoint pending on",
                                    "handle SIGSEGV SIGVTALRM nostop noprint pass"};

}  // namespace

int gdb(const std::string& driver, const std::vector<std::string>& arguments) {
    if (arguments.empty())
        return fail(Error{"say what to run: portico gdb " + driver +
                          " play SONG, or record, inspect, topology-test"});
    std::vector<std::string> words{"gdb", "--quiet"};
    for (const char* const command : commands) {
        words.emplace_back("-iex");
        words.emplace_back(command);
    }
    words.emplace_back("--args");
    words.push_back(program());
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--driver", driver});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp("gdb", argv.data());
    return fail(
        Error{std::string("gdb cannot be started: ") + std::strerror(errno) + "; install it: apt install gdb",
              ExitCode::missing});
}

}  // namespace portico::cli
