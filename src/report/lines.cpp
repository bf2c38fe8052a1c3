// Return addresses to functions, files and lines.
#include <cstdlib>

#include "loader/symbols.h"
#include "report/page.h"

namespace portico::report {
namespace {

void add_lines(std::vector<Line>& out, std::uint64_t address, loader::CodeAddress kind) {
    const loader::Place place = loader::find_place(address, kind);
    Line base;
    base.module = place.module;
    base.offset = place.offset;
    base.driver = place.driver;
    if (place.lines.empty()) {
        out.push_back(base);
        return;
    }
    for (const auto& source : place.lines) {
        Line line = base;
        line.function = source.function;
        line.file = source.file;
        line.line = source.line;
        out.push_back(line);
    }
}

// What every driver is linked with (src/driverlib) is not where an author looks.
bool is_library(const Line& line) {
    return line.file.find("/driverlib/") != std::string::npos;
}

}  // namespace

std::vector<Line> lines_of(const nt::Stack& stack, bool first_is_instruction) {
    std::vector<Line> out;
    for (unsigned i = 0; i < stack.count; ++i) {
        const bool instruction = i == 0 && first_is_instruction;
        add_lines(out, stack.frames[i],
                  instruction ? loader::CodeAddress::instruction : loader::CodeAddress::return_address);
    }
    return out;
}

std::vector<Line> lines_of(const nt::Origin& origin) {
    std::vector<Line> out;
    for (const auto address : origin.frames) {
        if (address != 0) add_lines(out, address, loader::CodeAddress::return_address);
    }
    return out;
}

Line place_of(const nt::Finding& finding) {
    for (const Line& line : lines_of(finding.stack, std::string_view(finding.rule) == "fault")) {
        if (line.driver && line.line != 0 && !is_library(line)) return line;
    }
    for (const Line& line : lines_of(finding.subject.made)) {
        if (line.driver && line.line != 0) return line;
    }
    return {};
}

}  // namespace portico::report
