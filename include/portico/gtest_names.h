// Between portico/gtest.h and the library: the test that runs, for replay files and the line that plays them.
#pragma once

#include <string>

namespace portico::detail {

__attribute__((visibility("default"))) void set_current_test(const std::string& name,
                                                             const std::string& program);
// Called when the file that PORTICO_REPLAY names cannot be played by the test that it is of; may not return.
__attribute__((visibility("default"))) void set_replay_refused(void (*refused)(const std::string& line));

}  // namespace portico::detail
