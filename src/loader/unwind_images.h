// What the executive's unwinder (nt/seh) asks about images.
#pragma once

namespace portico::loader {

// From the first image on, nt::seh::image_at is answered from the images that are loaded.
void answer_unwinder();

}  // namespace portico::loader
