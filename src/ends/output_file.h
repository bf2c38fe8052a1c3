// A file that appears whole or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace portico::ends {

// Nameless: gone with the process, however that ends. Not every file system can do it; `named` works
// everywhere and is removed by the destructor.
enum class TemporaryKind : std::uint8_t { nameless, named };

// Written to a temporary beside `path`, which commit() puts in the place of `path`. A `path` that is a device
// or a pipe is written directly.
class OutputFile {
  public:
    // Errors, as all of this class "PATH: cannot ...": bad_input.
    static Result<OutputFile> create(std::string path, TemporaryKind kind = TemporaryKind::nameless);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    const std::string& path() const { return path_; }
    int fd() const { return fd_; }
    // All of it, at the file's position.
    Result<void> write(std::span<const std::uint8_t> bytes);
    Result<void> commit();
    // The line for a failed system call.
    Error error(int error_number, const char* what = "write") const;

  private:
    OutputFile(std::string path, std::string target) : path_(std::move(path)), target_(std::move(target)) {}
    Result<void> open_device();
    Result<void> open_temporary(TemporaryKind kind);
    Result<void> open_named();
    Result<void> give_name();
    std::string temporary_name() const;

    std::string path_;       // as the user wrote it
    std::string target_;     // behind symbolic links; empty for devices
    std::string temporary_;  // empty while nameless
    int fd_ = -1;
};

}  // namespace portico::ends
