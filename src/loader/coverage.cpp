#include "loader/coverage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "loader/image.h"

namespace portico::loader {
namespace {

using Words = std::vector<std::uint64_t>;

// The raw format of LLVM 14 to 16: this header, the functions' records, the counters, the names, and zeroes
// up to the next multiple of 8. (In a function's record the address of its counters is relative to the
// record.)
constexpr std::uint64_t raw_version = 8;
constexpr std::uint64_t raw_magic = 0xFF6C70726F667281;  // "\xFFlprofr\x81"
constexpr std::uint64_t value_kind_last = 1;             // no function has values to profile

struct Header {
    std::uint64_t magic = raw_magic;
    std::uint64_t version = raw_version;
    std::uint64_t binary_ids_size = 0;
    std::uint64_t data_count;
    std::uint64_t padding_before_counters = 0;
    std::uint64_t counter_count;
    std::uint64_t padding_after_counters = 0;
    std::uint64_t names_size;
    std::uint64_t counters_delta;  // from the records to the counters
    std::uint64_t names_delta = 0;
    std::uint64_t value_kind_last = loader::value_kind_last;
};

struct FunctionRecord {
    std::uint64_t name_hash;
    std::uint64_t function_hash;
    std::uint64_t counters;
    std::uint64_t function;  // the two pointers serve values, and depend on where the image lies
    std::uint64_t values;
    std::uint32_t counter_count;
    std::uint16_t value_sites[2];
};
static_assert(sizeof(Header) == 88 && sizeof(FunctionRecord) == 48);

const std::byte* memory(std::uint64_t address) {
    return reinterpret_cast<const std::byte*>(address);
}

Words words_of(sim::AddressRange range) {
    Words words(range.size / sizeof(std::uint64_t));
    std::memcpy(words.data(), memory(range.base), words.size() * sizeof(std::uint64_t));
    return words;
}

// The whole file for one run.
struct Profile {
    std::vector<std::byte> bytes;
    std::size_t counters_at = 0;  // in bytes
    Words counters;

    void append(const void* from, std::size_t size) {
        const auto* const begin = static_cast<const std::byte*>(from);
        bytes.insert(bytes.end(), begin, begin + size);
    }
};

Profile profile_of(const CoverageSections& sections) {
    Profile profile;
    Header header{.data_count = sections.data.size / sizeof(FunctionRecord),
                  .counter_count = sections.counters.size / sizeof(std::uint64_t),
                  .names_size = sections.names.size,
                  .counters_delta = sections.counters.base - sections.data.base};
    profile.append(&header, sizeof header);
    for (std::uint64_t i = 0; i < header.data_count; ++i) {
        FunctionRecord record;
        std::memcpy(&record, memory(sections.data.base + i * sizeof record), sizeof record);
        record.function = record.values = 0;
        // In a PE file the linker fills in the lower half alone.
        record.counters = static_cast<std::uint64_t>(static_cast<std::int32_t>(record.counters));
        profile.append(&record, sizeof record);
    }
    profile.counters_at = profile.bytes.size();
    profile.counters = words_of(sections.counters);
    profile.append(profile.counters.data(), profile.counters.size() * sizeof(std::uint64_t));
    profile.append(memory(sections.names.base), sections.names.size);
    profile.bytes.resize((profile.bytes.size() + 7) & ~std::size_t{7});
    return profile;
}

class ProfileFile {
  public:
    explicit ProfileFile(std::string path) : path_(std::move(path)) {}
    ~ProfileFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    ProfileFile(const ProfileFile&) = delete;

    Result<void> open() {
        fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
        if (fd_ < 0) return failed("cannot be opened");
        struct stat status {};
        if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode))
            return Error{path_ + ": the driver's coverage needs a file"};
        while (::flock(fd_, LOCK_EX) != 0) {
            if (errno != EINTR) return failed("cannot be locked");
        }
        if (::fstat(fd_, &status) != 0) return failed("cannot be read");
        size_ = static_cast<std::size_t>(status.st_size);
        return {};
    }

    // What other runs counted is added to the profile.
    Result<void> add_to(Profile& profile) const {
        if (size_ == 0) return {};
        std::uint64_t magic = 0;
        if (!read(&magic, sizeof magic) || magic != raw_magic)
            return Error{path_ + ": holds no profile; the driver's coverage is not written over it"};
        if (size_ != profile.bytes.size()) return {};
        std::vector<std::byte> old(size_);
        if (!read(old.data(), size_)) return failed("cannot be read");
        const std::size_t end = profile.counters_at + profile.counters.size() * sizeof(std::uint64_t);
        const bool same = std::equal(old.begin(), old.begin() + profile.counters_at, profile.bytes.begin()) &&
                          std::equal(old.begin() + end, old.end(), profile.bytes.begin() + end);
        if (!same) return {};
        for (std::size_t i = 0; i < profile.counters.size(); ++i) {
            std::uint64_t before;
            std::memcpy(&before, old.data() + profile.counters_at + i * sizeof before, sizeof before);
            profile.counters[i] += before;
        }
        std::memcpy(profile.bytes.data() + profile.counters_at, profile.counters.data(),
                    end - profile.counters_at);
        return {};
    }

    Result<void> write(const std::vector<std::byte>& bytes) const {
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t wrote =
                ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) {
                const Error error = failed("cannot be written");
                ::unlink(path_.c_str());
                return error;
            }
            done += static_cast<std::size_t>(wrote);
        }
        if (::ftruncate(fd_, static_cast<off_t>(bytes.size())) != 0) return failed("cannot be written");
        return {};
    }

  private:
    Error failed(const char* what) const {
        return Error{
            fmt::format("{}: {}: {}; the driver's coverage is lost", path_, what, std::strerror(errno))};
    }

    bool read(void* to, std::size_t size) const {
        return ::pread(fd_, to, size, 0) == static_cast<ssize_t>(size);
    }

    std::string path_;
    int fd_ = -1;
    std::size_t size_ = 0;
};

// Two drivers of one process in one file: the second would take the first's away.
Result<void> claim(const std::string& path, const Image& image) {
    static auto* const writers = new std::map<std::string, std::string>;
    const auto [found, fresh] = writers->emplace(path, image.name());
    if (fresh || found->second == image.name()) return {};
    return Error{
        fmt::format("{}: has the coverage of the driver {}; that of {} needs a file of its own: put %n, "
                    "the driver's name, into PORTICO_COVERAGE",
                    path, found->second, image.name())};
}

}  // namespace

std::string coverage_path(const std::string& driver_name) {
    const char* const pattern = std::getenv("PORTICO_COVERAGE");
    if (pattern == nullptr || *pattern == 0) return driver_name + ".profraw";
    std::string path;
    for (const char* at = pattern; *at != 0; ++at) {
        if (*at != '%' || at[1] == 0) {
            path += *at;
            continue;
        }
        ++at;
        path += *at == 'p' ? std::to_string(::getpid()) : *at == 'n' ? driver_name : std::string(1, *at);
    }
    struct stat status {};
    const bool folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    return folder ? path + "/" + driver_name + ".profraw" : path;
}

Result<void> write_coverage(const Image& image) {
    if (!image.coverage()) return {};
    const CoverageSections& sections = *image.coverage();
    const std::string path = coverage_path(image.name());
    const std::uint64_t version = words_of(sections.version).front();
    if (version != raw_version) {
        return Error{
            fmt::format("{}: the driver's coverage is not written: its compiler counts by version {} of "
                        "LLVM's format, not {} (clang 14 to 16)",
                        path, version, raw_version)};
    }
    PORTICO_TRY_VOID(claim(path, image));
    Profile profile = profile_of(sections);
    ProfileFile file(path);
    PORTICO_TRY_VOID(file.open());
    PORTICO_TRY_VOID(file.add_to(profile));
    PORTICO_TRY_VOID(file.write(profile.bytes));
    std::memset(reinterpret_cast<void*>(sections.counters.base), 0, sections.counters.size);
    return {};
}

}  // namespace portico::loader
