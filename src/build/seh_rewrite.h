// Structured exception handling: __try, __except and __finally (with one underscore or two, or none where the
// blocks say what is meant) become the words of include/ddk/excpt.h, which a .so needs because clang makes no
// tables for it (src/nt/seh). Line numbers stay. What macros of other files make of the keywords is the
// compiler's error.
#pragma once

#include "build/shadow_pass.h"

namespace portico::build {

// Adds the macros of a source. Every function that uses one of them is marked, in whichever file.
void find_seh_macros(const ShadowSource& source, SehMacros& macros);

Result<void> rewrite_seh(const ShadowSource& source, Edits& edits);

}  // namespace portico::build
