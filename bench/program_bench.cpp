// Whole runs: the program from its start to its end, its memory, and the share of a sound file's time that is
// FluidSynth's.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ends/fluidsynth/fluidsynth_sink.h"
#include "ends/smf/smf_source.h"
#include "machine/play.h"

extern char** environ;

namespace portico {
namespace {

using benchmark::Counter;
using Seconds = std::chrono::duration<double>;

// A folder of this process' own, gone with it.
struct Scratch {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("portico-bench-" + std::to_string(::getpid()));
    Scratch() { std::filesystem::create_directories(path); }
    ~Scratch() { std::filesystem::remove_all(path); }
};

std::string one_note(const Scratch& scratch) {
    const unsigned char bytes[] = {'M', 'T',  'h', 'd',  0,   0,   0, 6,    0,    0,  0, 1,
                                   1,   0xe0, 'M', 'T',  'r', 'k', 0, 0,    0,    12, 0, 0x90,
                                   60,  100,  60,  0x80, 60,  64,  0, 0xff, 0x2f, 0};
    const std::string path = scratch.path / "note.mid";
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes), sizeof bytes);
    return path;
}

// The program's run; its peak memory in MiB, negative when it failed.
double run(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t silent;
    ::posix_spawn_file_actions_init(&silent);
    ::posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, words[0].c_str(), &silent, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&silent);
    if (failed != 0) return -1;
    int status = 0;
    rusage usage{};
    if (::wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return -1;
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run_program(benchmark::State& state, std::vector<std::string> words) {
    double memory_mib_max = 0;
    for (auto _ : state) {
        const double memory_mib = run(words);
        if (memory_mib < 0) {
            state.SkipWithError("the program failed");
            break;
        }
        memory_mib_max = std::max(memory_mib_max, memory_mib);
    }
    state.counters["peak_MiB"] = memory_mib_max;
}

// The bare cost: a program that starts and says its version.
void start_and_end(benchmark::State& state) {
    run_program(state, {PORTICO_BENCH_PROGRAM, "--version"});
}
BENCHMARK(start_and_end)->UseRealTime()->Unit(benchmark::kMillisecond);

void play_one_note(benchmark::State& state) {
    const Scratch scratch;
    run_program(state, {PORTICO_BENCH_PROGRAM, "play", one_note(scratch), "-q"});
}
BENCHMARK(play_one_note)->UseRealTime()->Unit(benchmark::kMillisecond);

void play_piece(benchmark::State& state) {
    const Scratch scratch;
    run_program(state,
                {PORTICO_BENCH_PROGRAM, "play", PORTICO_BENCH_SONG, "-q", "-o", scratch.path / "out.mid"});
}
BENCHMARK(play_piece)->UseRealTime()->Unit(benchmark::kMillisecond);

struct Silence final : ends::AudioSink {
    unsigned rate_hz() const override { return 44'100; }
    Result<void> write(std::span<const float>) override { return {}; }
    Result<void> finish() override { return {}; }
};

bool play_alone() {
    auto source = ends::SmfSource::open(PORTICO_BENCH_SONG);
    auto sink = ends::FluidSynthSink::create(std::make_unique<Silence>(), {});
    if (!source.ok() || !sink.ok()) return false;
    ends::SourceEvent event;
    Nanoseconds end_ns = 0;
    while ((*source)->next(event)) {
        end_ns = event.at_ns;
        if (!(*sink)->write(event.at_ns, event.bytes).ok()) return false;
    }
    return (*sink)->finish(end_ns).ok();
}

bool play_whole(const Scratch& scratch) {
    machine::PlayRequest request;
    request.song = PORTICO_BENCH_SONG;
    std::ifstream song(PORTICO_BENCH_SONG, std::ios::binary);
    request.song_bytes.assign(std::istreambuf_iterator<char>(song), std::istreambuf_iterator<char>());
    request.machine.driver = PORTICO_BENCH_MPU401;
    request.machine.devices = {mpu401()};
    request.outputs = {scratch.path / "out.wav"};
    return machine::play(request).ok();
}

// The piece to a sound file, and the same messages given to FluidSynth and nothing else.
void sound_file(benchmark::State& state) {
    const Scratch scratch;
    Seconds alone{};
    Seconds whole{};
    for (auto _ : state) {
        const auto begin = std::chrono::steady_clock::now();
        const bool played = play_whole(scratch);
        const auto middle = std::chrono::steady_clock::now();
        if (!played || !play_alone()) {
            state.SkipWithError("FluidSynth or its SoundFont is missing");
            break;
        }
        whole += middle - begin;
        alone += std::chrono::steady_clock::now() - middle;
        state.SetIterationTime(Seconds(middle - begin).count());
    }
    state.counters["fluidsynth_share"] = whole.count() > 0 ? alone / whole : 0;
}
BENCHMARK(sound_file)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace portico
