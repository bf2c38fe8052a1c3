// A machine whose devices were started, or tried to.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "portico/portico.h"

namespace portico::test {

inline Machine started(MachineConfig config) {
    Machine m = Machine::create(std::move(config)).value();
    const Status status = m.start();
    EXPECT_TRUE(status.ok()) << status.message;
    return m;
}

}  // namespace portico::test
