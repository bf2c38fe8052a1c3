#include "machine/replay_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "loader/loader.h"
#include "machine/machine_file.h"
#include "machine/replay.h"
#include "machine/state.h"

namespace portico::machine {
namespace {

Result<PlayReport> run(const RecordedRun& recorded, const PlayRequest& request) {
    set_recorded_run(&recorded);
    auto report = recorded.verb == "record" ? record(request) : play(request);
    set_recorded_run(nullptr);
    return report;
}

// The images that a Machine of this configuration loads, in that order.
Result<std::uint64_t> hash_of_drivers(const MachineConfig& config, const std::string& path) {
    std::vector<std::string> paths{config.driver};
    for (const DeviceConfig& device : config.devices) {
        if (!device.driver.empty() && std::find(paths.begin(), paths.end(), device.driver) == paths.end())
            paths.push_back(device.driver);
    }
    std::vector<loader::Image*> images;
    for (const std::string& driver : paths) {
        const auto loaded = loader::load_file(driver);
        if (!loaded.ok()) return Error{fmt::format("{}: its driver {}", path, loaded.error().message)};
        images.push_back(loaded.value());
    }
    return hash_of(images);
}

}  // namespace

Result<PlayReport> run_recorded(const PlayRequest& request, bool recording) {
    RecordedRun recorded;
    recorded.verb = recording ? "record" : "play";
    recorded.filter = request.filter;
    recorded.scenario = request.scenario_text;
    recorded.input = &request.song_bytes;
    return run(recorded, request);
}

Result<PlayReport> run_again(const std::string& path) {
    const Replay replay = PORTICO_TRY(read_replay(path));
    if (!replay.test.empty()) {
        return Error{
            fmt::format("{}: of the unit test {}; run: PORTICO_REPLAY={} TEST_PROGRAM --gtest_filter={}",
                        path, replay.test, path, replay.test)};
    }
    const std::string verb = replay.command.empty() ? "" : replay.command[0];
    if (verb != "play" && verb != "record")
        return Error{fmt::format("{}: not a replay file: no run of play or record, but of '{}'", path, verb)};
    PlayRequest request;
    Ends unused;  // a replay writes no files but its page
    PORTICO_TRY_VOID(parse_machine(replay.machine, path, request.machine, unused));
    request.machine.driver = replay.driver_path;
    request.machine.seed = replay.seed;
    PORTICO_TRY_VOID(check_fits(replay, path, PORTICO_TRY(hash_of_drivers(request.machine, path))));
    if (replay.command.size() > 1) request.filter = replay.command[1];
    request.song = fmt::format("{}: the recorded song", path);
    request.song_bytes = replay.input;
    request.scenario_text = replay.scenario;
    request.scenario = PORTICO_TRY(parse_scenario(replay.scenario, path));
    RecordedRun recorded;
    recorded.verb = verb;
    recorded.again = &replay;
    recorded.again_path = path;
    return run(recorded, request);
}

}  // namespace portico::machine
