// What filters a driver offers, asked of them as a client asks.
#pragma once

#include "portico/portico.h"
#include "report/graph.h"

namespace portico::machine {

struct Inspection {
    report::Graph graph;
    std::vector<Finding> findings;  // of the driver, meanwhile
};

// Starts the driver in a machine and asks every filter that clients see. Errors: a driver that does not
// start, or stops the machine meanwhile (exit code findings); a machine that cannot be made.
Result<Inspection> inspect(const MachineConfig& config);
// Of a machine that runs.
report::Graph inspect(Machine& machine);

}  // namespace portico::machine
