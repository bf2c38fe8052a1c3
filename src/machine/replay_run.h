// Runs of the command line that can be played again: a bug check leaves a replay file beside its page.
#pragma once

#include "machine/play.h"

namespace portico::machine {

// How the program that runs was called, for the lines that play a run again; "portico" until it is set.
void set_command(const std::string& command);

// play() or record(). When the driver stops the machine, a replay file is written to the machine's report
// directory, and the page is shown with the line that plays it.
Result<PlayReport> run_recorded(const PlayRequest& request, bool recording);

// Plays the run of a replay file. Errors: not a replay file, another build, another driver. The page is shown
// again and compared with the recorded end.
Result<PlayReport> run_again(const std::string& path);

}  // namespace portico::machine
