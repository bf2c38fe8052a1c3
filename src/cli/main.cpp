#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/nearest.h"
#include "base/print.h"
#include "cli/verbs.h"
#include "machine/replay_run.h"

namespace {

using namespace portico;

constexpr const char* exit_codes =
    "Exit codes: 0 fine, 1 findings or a bug check, 2 wrong usage or bad input, 3 something missing on this "
    "machine,\n"
    "130 stopped by Ctrl-C, 143 by SIGTERM (what came out until then is kept, every note released).";

// A standard stream that the caller closed would be the next file that is opened, and get the report into it.
void open_standard_streams() {
    while (true) {
        const int fd = ::open("/dev/null", O_RDWR);
        if (fd > STDERR_FILENO) ::close(fd);
        if (fd < 0 || fd > STDERR_FILENO) return;
    }
}

// CLI11 takes -1 for the largest number.
std::uint64_t seed_of(const std::string& text) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error == std::errc() && end == text.data() + text.size()) return seed;
    throw CLI::ValidationError("--seed", text + " is not a whole number from 0 to 18446744073709551615");
}

void add_machine_options(CLI::App& verb, cli::RunOptions& options) {
    verb.add_option(
        "--driver", options.driver,
        "one that 'portico devices' lists, or the path of a driver's image (default: the machine file's, "
        "else mpu401)");
    verb.add_option("--inf", options.inf, "the driver's INF: names, resources, registry keys, interfaces")
        ->type_name("FILE");
    verb.add_option("--machine", options.machine_file,
                    "machine file in TOML: devices, resources, driver, registry, ends")
        ->type_name("FILE");
}

void add_run_options(CLI::App& verb, cli::RunOptions& options) {
    add_machine_options(verb, options);
    verb.add_option("--filter", options.filter,
                    "reference string of the subdevice (default: the first that fits)");
    verb.add_option_function<std::string>(
            "--seed", [&options](const std::string& text) { options.seed = seed_of(text); },
            "seed of the run (default: the machine file's, else 1)")
        ->type_name("NUMBER");
    verb.add_option("--schedule", options.schedule,
                    "which interleaving: ordered (as NT does), random or pct[:DEPTH], chosen by the seed");
    verb.add_flag("--exact", options.exact,
                  "messages are delivered at their very time instead of the next 1 ms tick");
    verb.add_option("--scenario", options.scenario,
                    "what happens meanwhile: lines such as \"2.5s surprise-remove\" (docs/scenarios.md)")
        ->type_name("FILE");
    verb.add_option("--trace", options.trace, "everything that happens as Chrome trace JSON")
        ->type_name("FILE");
    verb.add_option("--report", options.report,
                    "page of the bug check or of the first finding: .html or .json")
        ->type_name("FILE");
    auto* const json = verb.add_flag("--json", options.json, "the report as JSON on standard output");
    verb.add_flag("-q,--quiet", options.quiet, "no report")->excludes(json);
}

void add_play(CLI::App& app, cli::RunOptions& options, int& code) {
    CLI::App* const play = app.add_subcommand("play", "Play a MIDI file through a driver");
    play->add_option("song", options.song, "MIDI file")->type_name("FILE")->required();
    play->add_option("-o,--output", options.outputs,
                     "where it goes: .wav, .flac, .mid or .txt; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    add_run_options(*play, options);
    play->add_option("--synth", options.synth, "SoundFont for .wav and .flac (default: TimGM6mb)")
        ->type_name("FILE");
    play->add_option("--timeline", options.timeline, "one note's way through the system as SVG")
        ->type_name("FILE");
    play->footer(
        "Example: portico play song.mid -o song.wav\n"
        "         portico play song.mid --scenario sleep.txt     with sleep.txt: 4s sleep S3\n"
        "                                                                        6s resume");
    play->callback([&] { code = cli::play(options); });
}

void add_record(CLI::App& app, cli::RunOptions& options, int& code) {
    CLI::App* const record = app.add_subcommand("record", "Record what comes in at a device's MIDI IN");
    record
        ->add_option("song", options.song,
                     "MIDI file that the outside world plays into MIDI IN (default: the machine file's)")
        ->type_name("FILE");
    record
        ->add_option("-o,--output", options.outputs,
                     "where the recording goes: .mid, .txt, .wav or .flac; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    add_run_options(*record, options);
    record->add_option("--synth", options.synth, "SoundFont for .wav and .flac (default: TimGM6mb)")
        ->type_name("FILE");
    record->footer(
        "Example: portico record in.mid -o out.mid\n"
        "         portico record in.mid --scenario pulled.txt    with pulled.txt: 2.5s surprise-remove");
    record->callback([&] { code = cli::record(options); });
}

void add_replay(CLI::App& app, std::string& file, int& code) {
    CLI::App* const replay = app.add_subcommand("replay", "Play a recorded run again, to the same bug check");
    replay->add_option("file", file, "replay file, which a run with a bug check leaves behind")
        ->type_name("FILE")
        ->required();
    replay->footer("Example: portico replay mpu401-1a2b3c4d-1.replay");
    replay->callback([&] { code = cli::replay(file); });
}

void add_inspect(CLI::App& app, cli::RunOptions& options, cli::InspectOptions& form, int& code) {
    CLI::App* const inspect =
        app.add_subcommand("inspect", "Show a driver's filters as a client sees them: pins, formats, nodes");
    add_machine_options(*inspect, options);
    auto* const json = inspect->add_flag("--json", options.json, "as JSON");
    auto* const dot = inspect->add_flag("--dot", form.dot, "as a graphviz source")->excludes(json);
    inspect->add_option("--svg", form.svg, "as a picture, drawn by dot from graphviz")
        ->type_name("FILE")
        ->excludes(json)
        ->excludes(dot);
    inspect->footer("Example: portico inspect --driver soundcard --svg soundcard.svg");
    inspect->callback([&] { code = cli::inspect(options, form); });
}

void add_topology_test(CLI::App& app, cli::RunOptions& options, int& code) {
    CLI::App* const test =
        app.add_subcommand("topology-test", "Check that a driver's filters are what KS' rules ask of them");
    add_machine_options(*test, options);
    test->add_flag("--json", options.json, "as JSON");
    test->footer("Example: portico topology-test --driver soundcard");
    test->callback([&] { code = cli::topology_test(options); });
}

void add_gdb(CLI::App& app, std::string& driver, int& code) {
    CLI::App* const gdb =
        app.add_subcommand("gdb", "Start gdb with a driver's symbols in place (docs/debugging.md)");
    gdb->add_option("driver", driver, "one that 'portico devices' lists, or the path of a driver's image")
        ->required();
    gdb->prefix_command();
    gdb->footer("Example: portico gdb mydriver.sys play song.mid -o song.mid");
    gdb->callback([&driver, &code, gdb] { code = cli::gdb(driver, gdb->remaining()); });
}

void add_ioctl(CLI::App& app, cli::RunOptions& options, cli::IoctlOptions& request, int& code) {
    CLI::App* const ioctl = app.add_subcommand("ioctl", "Send a control code to a device, as a program does");
    ioctl
        ->add_option(
            "device", request.device,
            "a symbolic link, a filter's reference string, or a whole path (portico devices --machine)")
        ->required();
    ioctl->add_option("code", request.code, "the control code, as 0x222000")->required();
    ioctl->add_option("--in", request.in, "the input buffer: a file, or bytes in hexadecimal")
        ->type_name("FILE|HEX");
    ioctl->add_option("--data", request.data, "what the output buffer holds at first (METHOD_IN_DIRECT)")
        ->type_name("FILE|HEX");
    ioctl->add_option("--out", request.out_size, "size of the output buffer")->type_name("BYTES");
    ioctl->add_option("--as", request.as, "who asks: user or admin")
        ->check(CLI::IsMember({"user", "admin"}))
        ->capture_default_str();
    ioctl->add_option("-o,--output", request.output, "file for the bytes that come back")->type_name("FILE");
    add_machine_options(*ioctl, options);
    ioctl->footer(
        "Example: portico ioctl MyCable 0x222000 --driver mycable.so --in 02000000 --as admin\n"
        "A request that has not ended after 10 s of simulated time is cancelled.");
    ioctl->callback([&] { code = cli::ioctl(options, request); });
}

void add_build(CLI::App& app, cli::BuildOptions& options, int& code) {
    CLI::App* const build = app.add_subcommand("build", "Build a driver from its project, folder or sources");
    build
        ->add_option("path", options.paths,
                     "a folder, a .vcxproj, a DDK sources file, or source files; several make one driver")
        ->type_name("PATH")
        ->required();
    build->add_option("-o,--output", options.output, "the image: NAME.so, or NAME.sys as Windows loads it")
        ->type_name("FILE")
        ->required();
    build->add_option("--config", options.config, "checked (DBG=1, not optimised) or free")
        ->check(CLI::IsMember({"checked", "free"}))
        ->capture_default_str();
    build->add_flag("--asan", options.asan, "AddressSanitizer; needs a Portico built with it");
    build->add_flag("--coverage", options.coverage, "count what runs, for llvm-cov");
    build->add_option("-I", options.includes, "a folder of headers")
        ->type_name("DIR")
        ->allow_extra_args(false);
    build->add_option("-D", options.defines, "a macro")->type_name("NAME[=VALUE]")->allow_extra_args(false);
    build->add_option("-U", options.undefines, "no such macro")->type_name("NAME")->allow_extra_args(false);
    build->add_option("--entry", options.entry, "the entry point (default: the project's, else DriverEntry)")
        ->type_name("SYMBOL");
    build->add_flag("--no-asm", options.no_asm, "leave inline assembler out, where the driver has a C path");
    build->add_option("-j", options.jobs, "compilers at a time")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    build->footer(
        "Example: portico build mycard/ -o mycard.so          (docs/building-drivers.md)\n"
        "         portico build lib/ adapter/ -o card.sys --config free");
    build->callback([&] { code = cli::build_driver(options); });
}

void add_lists(CLI::App& app, cli::RunOptions& options, int& code) {
    CLI::App* const devices = app.add_subcommand(
        "devices", "List device models and drivers; with --machine or --driver, what can be opened there");
    add_machine_options(*devices, options);
    devices->add_flag("--json", options.json, "as JSON");
    devices->footer("Example: portico devices\n         portico devices --driver cable");
    devices->callback([&] { code = cli::devices(options); });
    CLI::App* const doctor =
        app.add_subcommand("doctor", "Say what is there, what is missing, and how to install it");
    doctor->footer("Example: portico doctor");
    doctor->callback([&] { code = cli::doctor(); });
}

// What a person types to run this program again: what a wrapper says, the path it was called by, or its name.
std::string command_of(const char* program) {
    if (const char* const wrapper = std::getenv("PORTICO_COMMAND"); wrapper != nullptr && *wrapper != 0)
        return wrapper;
    return std::strchr(program, '/') != nullptr ? program : "portico";
}

// Without a verb CLI11 says that one is missing, whatever stands in its place.
std::string missing_verb(const CLI::App& app) {
    const std::vector<std::string> words = app.remaining();
    if (words.empty()) return "say what to do: play, record, build, inspect ...";
    if (words[0].starts_with("-")) return "there is no option " + words[0];
    std::vector<std::string_view> verbs;
    for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; }))
        verbs.emplace_back(verb->get_name());
    const std::string meant = nearest(words[0], verbs);
    return "there is no verb \"" + words[0] + "\"" + (meant.empty() ? "" : "; did you mean " + meant + "?");
}

// Help and the version are no errors.
int ended_early(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
        std::ostringstream out;
        app.exit(error, out, out);
        return cli::print_out(out.str(), 0);
    }
    const bool verb_missing = app.get_subcommands().empty() && error.get_name() == "RequiredError";
    return cli::fail(
        Error{(verb_missing ? missing_verb(app) : error.what()) + std::string(" (see portico --help)")});
}

}  // namespace

int main(int argc, char** argv) {
    open_standard_streams();
    std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error like a full disk
    std::signal(SIGPIPE, SIG_IGN);
    machine::set_command(command_of(argv[0]));
    CLI::App app{"Portico runs Windows PortCls MIDI drivers in user space."};
    app.name("portico");
    app.require_subcommand(1);
    app.set_version_flag("--version", PORTICO_VERSION);
    app.footer(std::string("Example: portico play song.mid -o song.wav     More: portico VERB --help\n") +
               exit_codes);
    int code = 0;
    cli::RunOptions play_options;
    cli::RunOptions record_options;
    cli::RunOptions inspect_options;
    cli::InspectOptions inspect_form;
    cli::RunOptions topology_options;
    std::string replay_file;
    std::string gdb_driver;
    cli::RunOptions devices_options;
    cli::RunOptions ioctl_options;
    cli::IoctlOptions ioctl_request;
    cli::BuildOptions build_options;
    add_build(app, build_options, code);
    add_play(app, play_options, code);
    add_record(app, record_options, code);
    add_replay(app, replay_file, code);
    add_inspect(app, inspect_options, inspect_form, code);
    add_topology_test(app, topology_options, code);
    add_gdb(app, gdb_driver, code);
    add_ioctl(app, ioctl_options, ioctl_request, code);
    add_lists(app, devices_options, code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return ended_early(app, error);
    }
    return code;
}
