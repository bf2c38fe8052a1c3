// Between portico/gtest.h and the library: the test that runs, for replay files and the line that plays them.
#pragma once

#include <string>

namespace portico::detail {

__attribute__((visibility("default"))) void set_current_test(const std::string& name,
                                                             const std::string& program);

}  // namespace portico::detail
