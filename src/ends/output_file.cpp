#include "ends/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace portico::ends {
namespace {

constexpr mode_t new_file_mode = 0666;

std::string folder_of(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

}  // namespace

Result<OutputFile> OutputFile::create(std::string path, TemporaryKind kind, OutputBatch* batch) {
    std::error_code none;
    const auto real = std::filesystem::canonical(path, none);
    OutputFile file(path, none ? path : real.string());
    file.batch_ = batch;
    struct stat status = {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) return file.error(EISDIR);
    if (exists && ::access(path.c_str(), W_OK) != 0) return file.error(errno);
    if (exists && !S_ISREG(status.st_mode)) {
        file.target_.clear();
        PORTICO_TRY_VOID(file.open_device());
        return file;
    }
    PORTICO_TRY_VOID(file.open_temporary(kind));
    if (exists) ::fchmod(file.fd_, status.st_mode & 07777);
    return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::exchange(other.fd_, -1)),
      batch_(other.batch_) {}

OutputFile::~OutputFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::open_device() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd_ < 0) fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd_ < 0) return error(errno);
    return {};
}

Result<void> OutputFile::open_temporary(TemporaryKind kind) {
    if (kind == TemporaryKind::named) return open_named();
    fd_ = ::open(folder_of(target_).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, new_file_mode);
    if (fd_ >= 0) return {};
    // What file systems and kernels without O_TMPFILE say.
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) return open_named();
    return error(errno);
}

Result<void> OutputFile::open_named() {
    const auto name = temporary_name();
    fd_ = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, new_file_mode);
    if (fd_ < 0 && errno == EEXIST && ::unlink(name.c_str()) == 0) {
        // Left by a killed process whose number is ours now.
        fd_ = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, new_file_mode);
    }
    if (fd_ < 0) return error(errno);
    temporary_ = name;
    return {};
}

std::string OutputFile::temporary_name() const {
    const auto name = std::filesystem::path(target_).filename().string();
    return fmt::format("{}/.{}.{}.part", folder_of(target_), name, ::getpid());
}

Result<void> OutputFile::write(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return error(errno);
        if (written == 0) return error(ENOSPC);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

// rename() replaces an existing file in one step, which linkat() cannot.
Result<void> OutputFile::give_name() {
    const auto name = temporary_name();
    ::unlink(name.c_str());
    const auto from = fmt::format("/proc/self/fd/{}", fd_);
    if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) return error(errno);
    temporary_ = name;
    return {};
}

Result<void> OutputFile::commit() {
    if (batch_ != nullptr) {
        OutputBatch& batch = *std::exchange(batch_, nullptr);
        batch.files_.push_back(std::move(*this));
        return {};
    }
    PORTICO_TRY_VOID(prepare());
    return take_place();
}

Result<void> OutputFile::prepare() {
    if (!target_.empty() && temporary_.empty()) PORTICO_TRY_VOID(give_name());
    // Some file systems find out only now that there is no room.
    if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) return error(errno);
    return {};
}

Result<void> OutputFile::take_place() {
    if (target_.empty()) return {};
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return error(errno);
    temporary_.clear();
    return {};
}

Result<void> OutputBatch::commit() {
    for (OutputFile& file : files_) PORTICO_TRY_VOID(file.prepare());
    for (OutputFile& file : files_) PORTICO_TRY_VOID(file.take_place());
    return {};
}

Error OutputFile::error(int error_number, const char* what) const {
    return Error{fmt::format("{}: cannot {}: {}", path_, what, std::strerror(error_number))};
}

}  // namespace portico::ends
