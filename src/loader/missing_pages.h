// Which missing import a page stands for, for whom a driver touches it.
#pragma once

namespace portico::loader {

// From now on the executive is answered (nt/missing_imports.h).
void answer_missing_imports();

}  // namespace portico::loader
