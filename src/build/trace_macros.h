// WPP and ETW, whose headers tools of Windows' generate: reduced to nothing.
#pragma once

#include <set>
#include <string>

#include "build/shadow_pass.h"

namespace portico::build {

class TraceMacros {
  public:
    // Collects the functions of WPP's configuration ("// FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);" in a
    // block from begin_wpp to end_wpp) and the calls of macros that message compilers make (EventWriteStart,
    // EventRegisterMyDriver).
    void look_at(const ShadowSource& source);
    // Whether a header of that name, found nowhere, is one that a message compiler makes.
    bool generates(const std::string& name) const;
    // A header in which all of them do nothing.
    std::string header() const;

  private:
    std::set<std::string> functions_;
    bool writes_events_ = false;
};

}  // namespace portico::build
