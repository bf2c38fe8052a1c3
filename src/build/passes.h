// The passes of the shadow: what Microsoft's compilers took and clang does not, written so that both mean the
// same.
#pragma once

#include "build/shadow_pass.h"

namespace portico::build {

// FLD-053: what a class declares only as its friend is visible outside, too. "friend static" loses its
// static.
Result<void> inject_friends(const ShadowSource& source, Edits& edits);
// __FUNCTION__ beside a string literal becomes a macro, which each function defines as its name.
Result<void> paste_function_names(const ShadowSource& source, Edits& edits);
bool pastes_function_name(const ShadowSource& source);
// FLD-052: operators new that the driver declares throw nothing, so that null tests behind them stay.
Result<void> mark_operators_new(const ShadowSource& source, Edits& edits);
// "static T a[];" before "static T a[] = ..." at namespace scope.
Result<void> declare_tentative_arrays(const ShadowSource& source, Edits& edits);
// "for (int i ...)" whose i is used behind the loop: facts.used_after_loop.
Result<void> widen_loop_variables(const ShadowSource& source, Edits& edits);
// #pragma alloc_text(SECTION, function ...), which clang 14 does not know.
Result<void> place_functions(const ShadowSource& source, Edits& edits);
// _asm blocks are told by the compiler where they are compiled, or left out (facts.skip_asm).
Result<void> take_out_asm(const ShadowSource& source, Edits& edits);

}  // namespace portico::build
