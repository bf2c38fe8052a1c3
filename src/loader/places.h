// What lies at an address of an image, for whom a driver goes there.
#pragma once

namespace portico::loader {

// From now on the executive is answered (nt/missing_imports.h, nt/discarded_code.h).
void answer_for_images();

}  // namespace portico::loader
