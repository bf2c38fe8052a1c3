#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "cli/verbs.h"

namespace {

using namespace portico;

void add_run_options(CLI::App& verb, cli::RunOptions& options, bool recording) {
    verb.add_option("song", options.song,
                    recording ? "MIDI file that the outside world plays into MIDI IN" : "MIDI file")
        ->required();
    verb.add_option("--driver", options.driver, "mpu401, cable, or the path of a driver's image")
        ->capture_default_str();
    verb.add_option("-o,--output", options.outputs,
                    recording ? "where the recording goes: .mid or .txt"
                              : "where it goes: .wav, .flac, .mid or .txt; may be repeated");
    verb.add_option("--machine", options.machine_file,
                    "machine file in TOML: devices, resources, driver, registry");
    verb.add_option("--filter", options.filter,
                    "reference string of the subdevice; default: the first that fits");
    verb.add_option_function<std::uint64_t>(
        "--seed",
        [&options](const std::uint64_t& seed) {
            options.seed = seed;
            options.seed_given = true;
        },
        "seed of the run");
    verb.add_option("--schedule", options.schedule,
                    "which interleaving: ordered (as NT does), random or pct[:DEPTH], chosen by the seed");
    verb.add_flag("--exact", options.exact,
                  "messages are delivered at their very time instead of the next 1 ms tick");
    verb.add_option("--trace", options.trace, "everything that happens as Chrome trace JSON");
    verb.add_option("--report", options.report,
                    "page of the bug check or of the first finding: .html or .json");
    verb.add_flag("--json", options.json, "the report as JSON on standard output");
    verb.add_flag("-q,--quiet", options.quiet, "no report");
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error like a full disk
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{"Portico runs Windows PortCls MIDI drivers in user space."};
    app.name("portico");
    app.require_subcommand(1);
    app.set_version_flag("--version", PORTICO_VERSION);
    app.footer(
        "Exit codes: 0 fine, 1 findings or a bug check, 2 wrong usage or bad input, 3 something missing on "
        "this machine.");
    int code = 0;

    cli::RunOptions play_options;
    CLI::App* const play = app.add_subcommand("play", "Play a MIDI file through a driver");
    add_run_options(*play, play_options, false);
    play->add_option("--synth", play_options.synth, "SoundFont for .wav and .flac; default: TimGM6mb");
    play->add_option("--timeline", play_options.timeline, "one note's way through the system as SVG");
    play->footer("Example: portico play song.mid -o song.wav");
    play->callback([&] { code = cli::play(play_options, false); });

    cli::RunOptions record_options;
    CLI::App* const record = app.add_subcommand("record", "Record what comes in at a device's MIDI IN");
    add_run_options(*record, record_options, true);
    record->footer("Example: portico record in.mid -o out.mid");
    record->callback([&] { code = cli::play(record_options, true); });

    std::string replay_file;
    CLI::App* const replay = app.add_subcommand("replay", "Play a recorded run again, to the same bug check");
    replay->add_option("file", replay_file, "replay file")->required();
    replay->footer("Example: portico replay mpu401-1a2b3c4d-1.replay");
    replay->callback([&] { code = cli::replay(replay_file); });

    bool devices_json = false;
    CLI::App* const devices =
        app.add_subcommand("devices", "List device models with their parameters, and drivers");
    devices->add_flag("--json", devices_json, "as JSON");
    devices->footer("Example: portico devices");
    devices->callback([&] { code = cli::devices(devices_json); });

    CLI::App* const doctor =
        app.add_subcommand("doctor", "Say what is there, what is missing, and how to install it");
    doctor->footer("Example: portico doctor");
    doctor->callback([&] { code = cli::doctor(); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        std::fprintf(stderr, "portico: %s (see portico --help)\n", error.what());
        return 2;
    }
    std::fflush(stdout);
    return code;
}
