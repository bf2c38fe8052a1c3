#include "machine/replay_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "loader/loader.h"
#include "machine/machine_file.h"
#include "machine/replay.h"
#include "machine/state.h"

namespace portico::machine {
namespace {

std::vector<std::uint8_t> read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A file of this process' own that holds the recorded song; gone with it.
class SongFile {
  public:
    explicit SongFile(const std::vector<std::uint8_t>& bytes) {
        path_ = (std::filesystem::temp_directory_path() / fmt::format("portico-replay-{}.mid", ::getpid()))
                    .string();
        std::ofstream file(path_, std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    ~SongFile() { std::remove(path_.c_str()); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace

Result<PlayReport> run_recorded(const PlayRequest& request, bool recording) {
    RecordedRun run;
    run.verb = recording ? "record" : "play";
    run.filter = request.filter;
    run.input = read_bytes(request.song);
    set_recorded_run(&run);
    auto report = recording ? record(request) : play(request);
    set_recorded_run(nullptr);
    return report;
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
    PORTICO_TRY_VOID(parse_machine(replay.machine, path, request.machine));
    request.machine.driver = replay.driver_path;
    const loader::Image* const image = PORTICO_TRY(loader::load_file(replay.driver_path));
    PORTICO_TRY_VOID(check_fits(replay, path, image->hash()));
    if (replay.command.size() > 1) request.filter = replay.command[1];
    const SongFile song(replay.input);
    request.song = song.path();
    RecordedRun run;
    run.verb = verb;
    run.again = &replay;
    run.again_path = path;
    set_recorded_run(&run);
    auto report = run.verb == "record" ? record(request) : play(request);
    set_recorded_run(nullptr);
    return report;
}

}  // namespace portico::machine
