// Devices that a program has open, and its requests, as the public face gives them.
#include <fmt/format.h>

#include <algorithm>

#include "machine/state.h"

namespace portico {
namespace {

using Bytes = std::span<const std::uint8_t>;

LARGE_INTEGER relative_100ns(std::chrono::nanoseconds limit) {
    LARGE_INTEGER timeout;
    timeout.QuadPart = -std::max<LONGLONG>(limit.count() / 100, 1);
    return timeout;
}

std::string what(std::uint32_t code) {
    return fmt::format("IOCTL {:#010x}", code);
}

Status timed_out(std::uint32_t code) {
    return {STATUS_IO_TIMEOUT, what(code) + ": still under way"};
}

bool is_open(const File::State_* file) {
    return file != nullptr && file->machine != nullptr;
}

// Ends what is still under way, and lets go of the request's memory.
void end(Request::State_& request) {
    if (request.machine == nullptr) return;
    Machine::State& m = *request.machine;
    if (request.file != nullptr && request.request->pending() && !m.bug_checked()) {
        m.call(request.file->as, [&] {
            request.request->cancel();
            const LARGE_INTEGER timeout = relative_100ns(std::chrono::seconds(10));
            return request.request->wait(&timeout);
        });
    }
    std::erase(m.requests, &request);
    request.request.reset();
    request.machine = nullptr;
}

}  // namespace

bool Machine::State::start_administrator() {
    if (administrator.started) return true;
    if (!administrator.thread.start("administrator", UserMode, true)) return false;
    administrator.ks.reset(administrator.thread.process());
    return administrator.started = true;
}

namespace {

Status open_handle(Machine::State& m, std::string_view name, const OpenOptions& options, HANDLE* handle) {
    if (const Status asleep = m.refused_asleep("open"); !asleep.ok()) return asleep;
    const std::u16string path = m.nt_path(name);
    if (path.empty()) {
        return {STATUS_OBJECT_NAME_NOT_FOUND,
                fmt::format("{}: nothing of that name can be opened; 'portico devices --machine FILE' lists "
                            "what can",
                            name)};
    }
    if (options.as == As::admin && !m.start_administrator())
        return {STATUS_NO_MEMORY, "no memory for the administrator's process"};
    const NTSTATUS status =
        m.call(options.as, [&] { return m.ks_of(options.as).open(path, options.access, handle); });
    const char* const who = options.as == As::admin ? "an administrator" : "a user";
    return machine::status_of(status, fmt::format("opening {} as {}", name, who));
}

}  // namespace

Result<File> Machine::open(std::string_view name, const OpenOptions& options, Status* status) {
    auto state = std::make_unique<File::State_>();
    const Status opened = open_handle(*state_, name, options, &state->handle);
    if (status != nullptr) *status = opened;
    if (!opened.ok()) return Error{opened.message, ExitCode::findings};
    state->machine = state_.get();
    state->as = options.as;
    state_->files.push_back(state.get());
    return File(std::move(state));
}

// ---- files ----

File::File(std::unique_ptr<State_> state) : state_(std::move(state)) {}
File::File(File&&) noexcept = default;

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

File::~File() {
    close();
}

// What is under way ends with the last handle, as far as the driver minds its IRP_MJ_CLEANUP.
void Machine::State::close_file(File::State_& file) {
    if (!bug_checked()) call(file.as, [&] { return ks_of(file.as).close(file.handle); });
    for (Request::State_* const request : requests) {
        if (request->file == &file) request->file = nullptr;
    }
    std::erase(files, &file);
    file.machine = nullptr;
}

void Machine::State::close_files() {
    while (!files.empty()) close_file(*files.back());
}

void File::close() {
    if (is_open(state_.get())) state_->machine->close_file(*state_);
}

Status File::ioctl(std::uint32_t code, Bytes in, std::span<std::uint8_t> out, std::size_t* returned,
                   std::chrono::nanoseconds limit) {
    if (returned != nullptr) *returned = 0;
    Request request = start_ioctl(code, in, out);
    Status status = request.wait(limit);
    if (request.pending()) {
        const Status ignored = request.cancel();
        (void)ignored;
        const Status ended = request.wait(limit);
        status = ended.code == STATUS_CANCELLED ? timed_out(code) : ended;
    }
    const std::vector<std::uint8_t> bytes = request.output();
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    if (returned != nullptr) *returned = request.returned();
    return status;
}

Request File::start_ioctl(std::uint32_t code, Bytes in, Bytes out) {
    auto made = std::make_unique<Request::State_>();
    made->code = code;
    if (is_open(state_.get())) {
        Machine::State& m = *state_->machine;
        made->request.emplace(m.ks_of(state_->as));
        made->machine = &m;
        made->file = state_.get();
        m.requests.push_back(made.get());
        m.call(state_->as, [&] { return made->request->start(state_->handle, code, in, out); });
    }
    return Request(std::move(made));
}

Status File::cancel() {
    if (!is_open(state_.get())) return machine::status_of(STATUS_INVALID_HANDLE, "cancel on a closed file");
    Machine::State& m = *state_->machine;
    return machine::status_of(m.call(state_->as, [&] { return m.ks_of(state_->as).cancel(state_->handle); }),
                              "cancel");
}

// ---- requests ----

Request::Request(std::unique_ptr<State_> state) : state_(std::move(state)) {}
Request::Request(Request&&) noexcept = default;

Request& Request::operator=(Request&& other) noexcept {
    if (this != &other) {
        if (state_ != nullptr) end(*state_);
        state_ = std::move(other.state_);
    }
    return *this;
}

Request::~Request() {
    if (state_ != nullptr) end(*state_);
}

bool Request::pending() const {
    return state_->request && state_->request->pending();
}

Status Request::wait(std::chrono::nanoseconds limit) {
    if (!state_->request) return machine::status_of(STATUS_INVALID_HANDLE, "request to a closed file");
    client::ControlRequest& request = *state_->request;
    if (request.pending() && state_->file != nullptr) {
        File::State_& file = *state_->file;
        file.machine->call(file.as, [&] {
            const LARGE_INTEGER timeout = relative_100ns(limit);
            return request.wait(&timeout);
        });
    }
    return request.pending() ? timed_out(state_->code)
                             : machine::status_of(request.status(), what(state_->code));
}

Status Request::cancel() {
    if (state_->machine == nullptr || state_->file == nullptr)
        return machine::status_of(STATUS_NOT_FOUND, "cancelling " + what(state_->code));
    File::State_& file = *state_->file;
    return machine::status_of(file.machine->call(file.as, [&] { return state_->request->cancel(); }),
                              "cancelling " + what(state_->code));
}

std::size_t Request::returned() const {
    return state_->request ? state_->request->information() : 0;
}

std::vector<std::uint8_t> Request::output() const {
    if (!state_->request) return {};
    const std::span<const std::uint8_t> bytes = state_->request->output();
    return {bytes.begin(), bytes.end()};
}

}  // namespace portico
