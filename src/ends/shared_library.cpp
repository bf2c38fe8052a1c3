#include "ends/shared_library.h"

#include <dlfcn.h>

#include <fmt/format.h>

namespace portico::ends {

Result<SharedLibrary> SharedLibrary::open(const char* file_name, const char* package) {
    SharedLibrary library;
    library.handle_ = ::dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
    library.file_name_ = file_name;
    library.package_ = package;
    if (library.handle_ != nullptr) return library;
    return Error{fmt::format("{} is missing: apt install {}", file_name, package), ExitCode::missing};
}

void* SharedLibrary::find(const char* name) const {
    return ::dlsym(handle_, name);
}

Error SharedLibrary::lacks(const char* name) const {
    return Error{
        fmt::format("{} has no {}: apt install {} of Debian 12 or later", file_name_, name, package_),
        ExitCode::missing};
}

}  // namespace portico::ends
