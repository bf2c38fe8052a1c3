// The files that PortCls serves. A driver may serve files of its own on the same device (FN-007), and what
// lies in the FsContext of those is the driver's: only what is known here is believed. PASSIVE_LEVEL.
#pragma once

#include "ks/object.h"

namespace portico::portcls {

struct Subdevice;

struct OpenFile {
    const FILE_OBJECT* file;
    ks::Object* opened;  // null while it is being made: see object()
    Subdevice* subdevice;
    OpenFile* next;

    // FsContext may be the driver's to overwrite; what was opened is not.
    ks::Object* object() const {
        return opened != nullptr ? opened : static_cast<ks::Object*>(file->FsContext);
    }
};

// Null for a file that PortCls does not serve, or none.
OpenFile* find_open_file(const FILE_OBJECT* file);
// Null when the pool is exhausted. A file of which PortCls never saw the end gives its place up.
OpenFile* add_open_file(const FILE_OBJECT* file, Subdevice& subdevice);
void remove_open_file(OpenFile& open);

void reset_open_files();

}  // namespace portico::portcls
