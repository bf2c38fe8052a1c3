// The bug-check page as one HTML file that needs nothing else: the page's text and a timeline of the last
// events.
#pragma once

#include <string>

#include "report/page.h"

namespace portico::report {

std::string page_html(const nt::Finding& finding, const PageOptions& options);

// The timeline alone: lanes for the processors, device lines and wires that occur in the last events before
// the finding, the finding marked. An SVG element.
std::string last_events_svg(const nt::Finding& finding);

}  // namespace portico::report
