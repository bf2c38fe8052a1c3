// REQUIRES("PM-012") stands in a test at the assertion that proves a requirement of docs/spec. When the test
// has passed, its IDs are written to PORTICO_REQUIREMENTS_DIR, from which tools/requirements makes the table.
#pragma once

namespace portico::test {
void requirement(const char* id);
}  // namespace portico::test

#define REQUIRES(id) ::portico::test::requirement(id)
