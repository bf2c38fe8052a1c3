// The main job: a MIDI file through KS, the port driver, the adapter driver and the device to the wire, and a
// wire's MIDI back through capture to a file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ends/back_ends.h"
#include "machine/scenario_run.h"
#include "machine/wire_tap.h"
#include "portico/portico.h"

namespace portico::machine {

// Asked between two steps: what share is done (0..1); false: stop here (Ctrl-C).
using Progress = std::function<bool(double share)>;

struct PlayRequest {
    std::string song;  // what messages call the MIDI file: its path
    std::vector<std::uint8_t> song_bytes;
    MachineConfig machine;
    std::string filter;                // reference string; empty: the first that has the pin
    std::vector<std::string> outputs;  // files by extension; empty: none
    ends::OutputOptions output_options;
    std::string timeline;       // SVG of one note's way; empty: none
    std::string findings_page;  // .html or .json, written when there is something to say; empty: none
    // What happens meanwhile, as the file said it: read_scenario(), parse_scenario().
    std::string scenario_text;
    Scenario scenario;
    Progress progress;
};

struct PlayReport {
    bool stopped = false;  // by Progress
    MidiCount asked;
    MidiCount out;  // on the wire, or captured when there is no wire
    bool has_wire = true;
    bool unheard = false;  // neither a wire nor a capture pin: nothing is compared, as for a synthesizer chip
    std::uint64_t matched = 0;
    std::uint64_t strangers = 0;
    Histogram lateness;
    Nanoseconds simulated_ns = 0;
    Nanoseconds wall_ns = 0;
    std::uint64_t interrupts = 0;
    std::uint64_t dpcs = 0;
    std::vector<Finding> findings;
    std::vector<Finding> advice;
    std::vector<std::string> warnings;  // of the MIDI file
    std::vector<std::string> outputs;
    std::vector<std::string> unwritten;  // because a bug check came before the end
    std::string replay_line;
    std::vector<StepResult> steps;  // of the scenario
    bool disturbed = false;         // by the scenario: losses are no finding
    bool bug_checked = false;
    bool other_end = false;  // a replay that did not come to the recorded end
    std::string driver;

    bool complete() const { return matched == asked.messages && strangers == 0; }
};

// Errors: bad input, something missing, a driver that does not start (exit code findings).
Result<PlayReport> play(const PlayRequest& request);
// `request.song` is what the outside world plays into MIDI IN; `outputs` get what capture delivers.
Result<PlayReport> record(const PlayRequest& request);

// For people, and for programs.
std::string report_text(const PlayReport& report);
std::string report_json(const PlayReport& report);

}  // namespace portico::machine
