#pragma once

namespace portico::portcls {

// As after power-on; the pool has been reset.
void reset();

}  // namespace portico::portcls
