// Structured exception handling for images that have no tables for it.
#pragma once

#include "build/shadow_pass.h"

namespace portico::build {

Result<void> rewrite_seh(const ShadowSource& source, Edits& edits);

}  // namespace portico::build
