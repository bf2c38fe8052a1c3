// A library that is opened when first used, and stays open.
#pragma once

#include "base/result.h"

namespace portico::ends {

class SharedLibrary {
  public:
    // `package` is what to install when `file_name` is not there. Errors: missing.
    static Result<SharedLibrary> open(const char* file_name, const char* package);

    // Sets `function`; errors: missing, a library too old.
    template <class Function>
    Result<void> get(Function*& function, const char* name) const {
        function = reinterpret_cast<Function*>(find(name));
        if (function == nullptr) return lacks(name);
        return {};
    }

  private:
    void* find(const char* name) const;
    Error lacks(const char* name) const;

    void* handle_ = nullptr;
    const char* file_name_ = nullptr;
    const char* package_ = nullptr;
};

}  // namespace portico::ends
