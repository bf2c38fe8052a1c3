// A file that appears whole or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace portico::ends {

// Nameless: gone with the process, however that ends. Not every file system can do it; `named` works
// everywhere and is removed by the destructor.
enum class TemporaryKind : std::uint8_t { nameless, named };

class OutputBatch;

// Written to a temporary beside `path`, which commit() puts in the place of `path`. A `path` that is a device
// or a pipe is written directly.
class OutputFile {
  public:
    // Errors, as all of this class "PATH: cannot ...": bad_input.
    // With a `batch`, which must outlive it, commit() leaves the file to the batch.
    static Result<OutputFile> create(std::string path, TemporaryKind kind = TemporaryKind::nameless,
                                     OutputBatch* batch = nullptr);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    const std::string& path() const { return path_; }
    int fd() const { return fd_; }
    // All of it, at the file's position.
    Result<void> write(std::span<const std::uint8_t> bytes);
    // Nothing is written afterwards.
    Result<void> commit();
    // The line for a failed system call.
    Error error(int error_number, const char* what = "write") const;

  private:
    friend class OutputBatch;
    OutputFile(std::string path, std::string target) : path_(std::move(path)), target_(std::move(target)) {}
    Result<void> open_device();
    Result<void> open_temporary(TemporaryKind kind);
    Result<void> open_named();
    Result<void> give_name();
    // The two halves of commit(): what may still fail for want of room, and the rest.
    Result<void> prepare();
    Result<void> take_place();
    std::string temporary_name() const;

    std::string path_;       // as the user wrote it
    std::string target_;     // behind symbolic links; empty for devices
    std::string temporary_;  // empty while nameless
    int fd_ = -1;
    OutputBatch* batch_ = nullptr;
};

// Files that take their places together, or none of them.
class OutputBatch {
  public:
    Result<void> commit();

  private:
    friend class OutputFile;
    std::vector<OutputFile> files_;
};

}  // namespace portico::ends
