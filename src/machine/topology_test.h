// Whether filters are what KS' rules ask of them: the checks of Windows' topology test (VF-022), made as a
// client makes them.
#pragma once

#include "portico/portico.h"
#include "report/graph.h"

namespace portico::machine {

struct TopologyCheck {
    enum class Outcome : std::uint8_t { passed, warned, failed };
    std::string filter;
    std::string name;                   // "no orphan nodes"
    std::string requirement;            // of docs/spec
    std::vector<std::string> warnings;  // a sentence each
    std::vector<std::string> faults;

    Outcome outcome() const {
        if (!faults.empty()) return Outcome::failed;
        return warnings.empty() ? Outcome::passed : Outcome::warned;
    }
};

// What can be told from the answers alone.
std::vector<TopologyCheck> check_filter(const report::GraphFilter& filter, const report::Graph& graph);
// With what only requests can tell: properties, formats.
std::vector<TopologyCheck> check_filters(Machine& machine, const report::Graph& graph);

struct TopologyReport {
    std::vector<TopologyCheck> checks;
    std::vector<Finding> findings;  // of the driver, meanwhile
};

// Starts the driver and checks its filters. Errors as inspect().
Result<TopologyReport> topology_test(const MachineConfig& config);

std::size_t count_of(const std::vector<TopologyCheck>& checks, TopologyCheck::Outcome outcome);
std::string topology_text(const std::vector<TopologyCheck>& checks, bool colour);
std::string topology_json(const std::vector<TopologyCheck>& checks);

}  // namespace portico::machine
