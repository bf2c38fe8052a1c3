// The replay file: what a run was made of, so that it can be played again to the same end (design, section
// 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace portico::machine {

// The end that a replay must reach again.
struct ReplayEnd {
    std::uint32_t code = 0;
    std::string rule;
    std::string text;
    std::string file;
    unsigned line = 0;
    std::int64_t at_ns = 0;

    bool operator==(const ReplayEnd&) const = default;
};

// A registration file that the machine was given, whole: it may be another one by the time of the replay.
struct RegistryFile {
    std::string path;
    std::string bytes;
};

struct Replay {
    std::string build;  // build_id() of the Portico that wrote it
    std::string driver_path;
    std::uint64_t driver_hash = 0;
    std::uint64_t seed = 1;
    std::string schedule = "ordered";  // MachineConfig::schedule in words
    std::string test;                  // "MyCard.PlaysANote"; empty for a run of the command line
    std::vector<std::string> command;  // verb and options, for the command line
    std::string machine;               // the machine, as TOML
    std::vector<RegistryFile> registry_files;
    std::vector<RegistryFile> inf_files;  // the devices' INFs and the files that they copy, the same way
    std::vector<std::uint8_t> input;      // the MIDI file that was played
    std::string scenario;                 // as its file said it; empty: none
    std::vector<unsigned> choices;        // of an exploring schedule: sim::ChoiceLog::runs
    ReplayEnd end;
};

// What Portico is this: changes when its sources do.
std::string build_id();

std::string to_json(const Replay& replay);
Result<Replay> replay_from_json(const std::string& text, const std::string& path);
Result<Replay> read_replay(const std::string& path);
// Written whole or not at all.
Result<void> write_replay(const Replay& replay, const std::string& path);

// STATUS: the file fits this build and this driver, or one line that says what does not.
Result<void> check_fits(const Replay& replay, const std::string& path, std::uint64_t driver_hash);

}  // namespace portico::machine
