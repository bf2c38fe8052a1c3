// `portico ioctl`: starts the machine, opens a device as a program does, and sends it one control code.
#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "cli/verbs.h"
#include "machine/hex.h"
#include "machine/run.h"

namespace portico::cli {
namespace {

Result<std::uint32_t> code_of(const std::string& text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    std::uint32_t code = 0;
    const char* const begin = text.data() + (hexadecimal ? 2 : 0);
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), code, hexadecimal ? 16 : 10);
    if (error == std::errc() && end == text.data() + text.size()) return code;
    return Error{fmt::format("{}: no control code; give it as 0x222000", text)};
}

// As CTL_CODE has put it together.
std::string code_text(std::uint32_t code) {
    constexpr const char* methods[] = {"METHOD_BUFFERED", "METHOD_IN_DIRECT", "METHOD_OUT_DIRECT",
                                       "METHOD_NEITHER"};
    constexpr const char* accesses[] = {"FILE_ANY_ACCESS", "FILE_READ_ACCESS", "FILE_WRITE_ACCESS",
                                        "FILE_READ_ACCESS | FILE_WRITE_ACCESS"};
    return fmt::format("{:#010x} = CTL_CODE({:#x}, {:#x}, {}, {})", code, code >> 16, code >> 2 & 0xFFF,
                       methods[code & 3], accesses[code >> 14 & 3]);
}

std::string dump(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 16) {
        const auto line = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
        std::string hex, plain;
        for (const std::uint8_t byte : line) {
            hex += fmt::format("{:02x} ", byte);
            plain += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
        }
        text += fmt::format("  {:04x}  {:<48} {}\n", at, hex, plain);
    }
    return text;
}

struct Buffers {
    std::uint32_t code = 0;
    std::vector<std::uint8_t> in;
    std::vector<std::uint8_t> out;
};

Result<Buffers> buffers_of(const IoctlOptions& request) {
    Buffers buffers;
    buffers.code = PORTICO_TRY(code_of(request.code));
    if (!request.in.empty()) buffers.in = PORTICO_TRY(machine::bytes_of_argument(request.in));
    if (!request.data.empty()) buffers.out = PORTICO_TRY(machine::bytes_of_argument(request.data));
    if (request.out_size > machine::ioctl_bytes_max)
        return Error{fmt::format("--out {}: at most {} bytes", request.out_size, machine::ioctl_bytes_max)};
    buffers.out.resize(std::max<std::size_t>(buffers.out.size(), request.out_size));
    return buffers;
}

// What came of it, on standard output and in --output's file; the exit code.
Result<int> tell(Machine& machine, const IoctlOptions& request, const Buffers& sent, const Status& status,
                 std::size_t returned) {
    const std::span<const std::uint8_t> bytes(sent.out.data(), std::min(returned, sent.out.size()));
    std::string text = fmt::format("{}\n  status      {}\n  returned    {} bytes\n", code_text(sent.code),
                                   machine::status_name(status.code), returned);
    text += dump(bytes);
    for (const Finding& finding : machine.findings()) text += fmt::format("  finding     {}\n", finding.text);
    if (!request.output.empty() && status.ok()) {
        PORTICO_TRY_VOID(machine::write_whole(request.output,
                                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
    const bool well = status.ok() && machine.findings().empty();
    return print_out(text, well ? 0 : static_cast<int>(ExitCode::findings));
}

Result<int> send(const RunOptions& options, const IoctlOptions& request) {
    Buffers buffers = PORTICO_TRY(buffers_of(request));
    Setup setup = PORTICO_TRY(setup_of(options));
    setup.ends = {};
    if (!request.output.empty()) {
        PORTICO_TRY_VOID(check_files(options, setup, {{request.in, "the input"}, {request.data, "the data"}},
                                     {{request.output, "the output"}}));
    }
    Machine machine = PORTICO_TRY(Machine::create(setup.machine));
    if (const Status started = machine.start(); !started.ok()) return machine::driver_error(machine, started);
    Status status;
    auto opened = machine.open(request.device, {.as = request.as == "admin" ? As::admin : As::user}, &status);
    if (!opened.ok()) return machine::driver_error(machine, status);
    File file = std::move(opened).value();
    std::size_t returned = 0;
    status = file.ioctl(buffers.code, buffers.in, buffers.out, &returned);
    if (machine.bug_checked()) return machine::driver_error(machine, status);
    file.close();
    const Status ignored = machine.unload();  // what it leaves behind is a finding
    (void)ignored;
    return tell(machine, request, buffers, status, returned);
}

}  // namespace

int ioctl(const RunOptions& options, const IoctlOptions& request) {
    const auto sent = send(options, request);
    return sent.ok() ? sent.value() : fail(sent.error());
}

}  // namespace portico::cli
