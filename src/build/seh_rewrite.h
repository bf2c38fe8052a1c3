// Structured exception handling for images that have no tables for it: __try, __except, __finally and __leave
// (with one underscore or two, or none where the blocks say what is meant) become frames on the stack
// (src/nt/seh). Line numbers stay. What macros of other files make of these words is the compiler's error.
#pragma once

#include "build/shadow_pass.h"

namespace portico::build {

Result<void> rewrite_seh(const ShadowSource& source, Edits& edits);

}  // namespace portico::build
