#include "ends/smf/smf_source.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace portico::ends {
namespace {

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

}  // namespace

// One byte more than a MIDI file may have tells the reader that there are too many.
Result<std::vector<std::uint8_t>> SmfSource::load(const std::string& path) {
    const Stream in(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (in == nullptr) return Error{fmt::format("{}: cannot open: {}", path, std::strerror(errno))};
    std::vector<std::uint8_t> bytes;
    constexpr std::size_t step = 64 * 1024;
    while (bytes.size() <= midi::smf::file_bytes_max) {
        const std::size_t at = bytes.size();
        bytes.resize(at + step);
        const std::size_t count = std::fread(bytes.data() + at, 1, step, in.get());
        bytes.resize(at + count);
        if (std::ferror(in.get()) != 0) {
            return Error{fmt::format("{}: cannot read: {}", path, std::strerror(errno))};
        }
        if (count < step) break;
    }
    return bytes;
}

Result<std::unique_ptr<SmfSource>> SmfSource::open(const std::string& path) {
    return from(PORTICO_TRY(load(path)), path);
}

Result<std::unique_ptr<SmfSource>> SmfSource::from(std::span<const std::uint8_t> bytes,
                                                   const std::string& path) {
    auto file = PORTICO_TRY(midi::smf::read(bytes, path));
    auto source = std::make_unique<SmfSource>();
    source->warnings_ = std::move(file.warnings);
    if (file.warnings_left_out != 0) {
        source->warnings_.push_back(fmt::format("{}: {} more of this kind", path, file.warnings_left_out));
    }
    source->timeline_ = PORTICO_TRY(midi::smf::timeline(std::move(file), path));
    return source;
}

bool SmfSource::next(SourceEvent& event) {
    while (at_ < timeline_.events.size()) {
        const auto& found = timeline_.events[at_++];
        if (found.kind == midi::smf::EventKind::meta) continue;
        event = {found.at_ns, timeline_.bytes_of(found)};
        return true;
    }
    return false;
}

}  // namespace portico::ends
