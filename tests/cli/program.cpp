#include "program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "midi/smf.h"

extern char** environ;

namespace portico::cli_test {
namespace {

constexpr int nothing = -1;

struct PipeEnds {
    int read = nothing;
    int write = nothing;
};

PipeEnds make_pipe() {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    return {fds[0], fds[1]};
}

void close_fd(int& fd) {
    if (fd != nothing) ::close(fd);
    fd = nothing;
}

// The child's side of one of its standard streams, and ours.
class StreamPlan {
  public:
    StreamPlan(Stream kind, int target, posix_spawn_file_actions_t& actions) {
        if (kind == Stream::closed) {
            ::posix_spawn_file_actions_addclose(&actions, target);
            return;
        }
        if (kind == Stream::null || kind == Stream::full) {
            const char* const path = kind == Stream::full ? "/dev/full" : "/dev/null";
            ::posix_spawn_file_actions_addopen(&actions, target, path, O_RDWR, 0);
            return;
        }
        const PipeEnds ends = make_pipe();
        theirs_ = target == STDIN_FILENO ? ends.read : ends.write;
        ours = target == STDIN_FILENO ? ends.write : ends.read;
        ::posix_spawn_file_actions_adddup2(&actions, theirs_, target);
        if (kind == Stream::unread) close_fd(ours);
    }
    ~StreamPlan() { close_fd(theirs_); }

    int ours = nothing;

  private:
    int theirs_ = nothing;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

// The child inherits the limit; the parent's own is put back.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uint64_t bytes_max) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit wanted = before_;
        if (bytes_max != 0) wanted.rlim_cur = bytes_max;
        ::setrlimit(RLIMIT_FSIZE, &wanted);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

// Reads what is there; false: the writer has closed it.
bool take(int fd, std::string& text) {
    char buffer[65536];
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EINTR);
}

// Gives what it takes; false: all is given, or nobody reads.
bool give(int fd, std::string& text) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count > 0) text.erase(0, static_cast<std::size_t>(count));
    return !text.empty() && (count > 0 || errno == EINTR || errno == EAGAIN);
}

}  // namespace

// ---- the folder ----

Folder::Folder() {
    char name[] = "/tmp/portico-cli-XXXXXX";
    path_ = ::mkdtemp(name);
}

Folder::~Folder() {
    std::filesystem::remove_all(path_);
}

std::vector<std::string> Folder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool Folder::has(const std::string& name) const {
    return std::filesystem::exists(file(name));
}

std::string Folder::text(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Bytes Folder::bytes(const std::string& name) const {
    const std::string content = text(name);
    return {content.begin(), content.end()};
}

void Folder::write(const std::string& name, std::string_view text) const {
    std::ofstream(file(name), std::ios::binary) << text;
}

void Folder::write(const std::string& name, const Bytes& bytes) const {
    write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// ---- the program ----

bool Ended::one_line() const {
    return err.starts_with("portico: ") && err.find('\n') == err.size() - 1;
}

void PrintTo(const Ended& ended, std::ostream* out) {
    *out << "exit " << ended.code << "\nstdout: " << ended.out << "\nstderr: " << ended.err;
}

Program::Program(const Folder& folder, const Arguments& arguments, const How& how) : input_(how.input) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder.path().c_str());
    {
        StreamPlan in(how.in, STDIN_FILENO, actions);
        StreamPlan out(how.out, STDOUT_FILENO, actions);
        StreamPlan err(how.err_fd == nothing ? how.err : Stream::null, STDERR_FILENO, actions);
        if (how.err_fd != nothing) ::posix_spawn_file_actions_adddup2(&actions, how.err_fd, STDERR_FILENO);
        std::vector<std::string> argv{PORTICO_PROGRAM};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        std::vector<std::string> environment = how.environment;
        for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
        const FileSizeLimit limit(how.file_bytes_max);
        if (how.obeys_modes && ::geteuid() == 0) {
            EXPECT_EQ(::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE), 0) << std::strerror(errno);
        }
        const int error = ::posix_spawn(&pid_, PORTICO_PROGRAM, &actions, nullptr, pointers(argv).data(),
                                        pointers(environment).data());
        EXPECT_EQ(error, 0) << PORTICO_PROGRAM << ": " << std::strerror(error);
        in_ = in.ours;
        if (in_ != nothing) ::fcntl(in_, F_SETFL, O_NONBLOCK);
        out_ = out.ours;
        err_ = err.ours;
    }
    ::posix_spawn_file_actions_destroy(&actions);
    std::signal(SIGPIPE, SIG_IGN);
}

Program::~Program() {
    close_fd(in_);
    close_fd(out_);
    close_fd(err_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool Program::handles(int number) const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with("SigCgt:"))
            return (std::stoull(line.substr(7), nullptr, 16) >> (number - 1) & 1) != 0;
    }
    ADD_FAILURE() << "no SigCgt in /proc";
    return false;
}

void Program::signal(int number) const {
    EXPECT_EQ(::kill(pid_, number), 0);
}

Ended Program::wait() {
    Ended ended;
    while (in_ != nothing || out_ != nothing || err_ != nothing) {
        pollfd fds[] = {{in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}};
        if (::poll(fds, 3, -1) < 0) continue;
        if (fds[0].revents != 0 && !give(in_, input_)) close_fd(in_);
        if (fds[1].revents != 0 && !take(out_, ended.out)) close_fd(out_);
        if (fds[2].revents != 0 && !take(err_, ended.err)) close_fd(err_);
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return ended;
}

Ended run(const Folder& folder, const Arguments& arguments, const How& how) {
    return Program(folder, arguments, how).wait();
}

// ---- MIDI files ----

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes midi_file(const Bytes& events) {
    const Bytes track = events + Bytes{0, 0xFF, 0x2F, 0};
    const auto size = static_cast<std::uint32_t>(track.size());
    const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(size >> shift); };
    return Bytes{'M', 'T', 'h',  'd', 0,   0,   0,   6,        0,        0,       0,
                 1,   1,   0xE0, 'M', 'T', 'r', 'k', byte(24), byte(16), byte(8), byte(0)} +
           track;
}

Bytes ticks(std::uint32_t count) {
    Bytes out{static_cast<std::uint8_t>(count & 0x7F)};
    while (count >>= 7) out.insert(out.begin(), static_cast<std::uint8_t>(0x80 | (count & 0x7F)));
    return out;
}

Bytes notes(unsigned count) {
    Bytes events;
    for (unsigned i = 0; i < count; ++i) {
        const auto key = static_cast<std::uint8_t>(40 + i % 40);
        events = std::move(events) + Bytes{0, 0x90, key, 100, 10, 0x80, key, 64};
    }
    return midi_file(events);
}

std::vector<Bytes> messages(const Bytes& file) {
    std::vector<Bytes> out;
    auto parsed = midi::smf::read(file, "file");
    EXPECT_TRUE(parsed.ok());
    if (!parsed.ok()) return out;
    const auto timeline = midi::smf::timeline(std::move(parsed.value()), "file");
    EXPECT_TRUE(timeline.ok());
    if (!timeline.ok()) return out;
    for (const auto& event : timeline->events) {
        if (event.kind == midi::smf::EventKind::meta) continue;
        const auto bytes = timeline->bytes_of(event);
        out.emplace_back(bytes.begin(), bytes.end());
    }
    return out;
}

int held_keys(const std::vector<Bytes>& messages) {
    std::map<int, int> held;
    for (const Bytes& message : messages) {
        const int key = (message[0] & 0x0F) << 8 | (message.size() > 1 ? message[1] : 0);
        const int kind = message[0] & 0xF0;
        if (kind == 0x90 && message[2] != 0) ++held[key];
        if (kind == 0x80 || (kind == 0x90 && message[2] == 0)) --held[key];
    }
    int down = 0;
    for (const auto& [key, count] : held) down += count;
    return down;
}

}  // namespace portico::cli_test
