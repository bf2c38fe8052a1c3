// The names of pins and nodes that Windows has in its registry after setup.
#pragma once

namespace portico::machine {

// Under Control\MediaCategories, a key for each GUID of KS' that names a pin or node, unless it is there
// already. Its name is made of the GUID's: KSAUDFNAME_MASTER_VOLUME is "Master Volume".
void fill_media_categories();

}  // namespace portico::machine
