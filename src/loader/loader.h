// Loads driver images, keeps them, and answers what lies at an address. Images outlive Machines: loading the
// same content again gives the same image. Called from the host's thread while no Machine runs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "loader/image.h"

namespace portico::loader {

struct LoadOptions {
    // The address behind a name that a driver imports, null when nobody implements it. Default: the export
    // table.
    const void* (*find_export)(const char* name) = nullptr;
    // Whoever calls load_memory() keeps the bytes until the image is unloaded: they are not copied.
    bool bytes_stay = false;
};

// The image in a file, loaded at its linked address when that is free and elsewhere in the image range when
// not. None of its code has run. An image that was loaded before comes back as it is: call reset_statics() to
// start anew. Errors: one line that begins with the path.
Result<Image*> load_file(const std::string& path, const LoadOptions& options = {});

// The same from memory; `label` stands for the path. PE images are named by it.
Result<Image*> load_memory(Bytes bytes, const std::string& label, const LoadOptions& options = {});

// Unmaps the image. Nothing may refer to it any more.
void unload(Image* image);

// The image that holds the address; null for host code and everything else.
Image* image_at(std::uint64_t address);

// All images, in the order in which they were loaded.
std::vector<Image*> images();

// Grows with every load and unload.
std::uint64_t generation();

// What a missing import's name suggests: why it is missing and what to do; empty when nothing is known.
std::string missing_import_hint(const std::string& name);

// Called on the driver's stack when it calls an import that nobody implements; `caller` is the return address
// and `frame` its frame pointer. May not return (a bug check); what it returns, the driver gets. Default:
// STATUS_NOT_IMPLEMENTED.
extern std::uint64_t (*missing_import_called)(const MissingImport& import, std::uint64_t caller,
                                              std::uint64_t frame);

}  // namespace portico::loader
