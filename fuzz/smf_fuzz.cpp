// Any bytes as a MIDI file: read or refused with one line; what was read survives being written.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "midi/smf.h"

namespace smf = portico::midi::smf;

namespace {

void check_line(const std::string& line) {
    PORTICO_CHECK(line.rfind("fuzz.mid: ", 0) == 0 && line.find('\n') == std::string::npos);
}

void check_timeline(const smf::File& file) {
    const auto song = smf::timeline(file, "fuzz.mid");
    if (!song.ok()) return check_line(song.error().message);
    portico::Nanoseconds last_ns = 0;
    for (const auto& event : song->events) {
        PORTICO_CHECK(event.at_ns >= last_ns && std::size_t{event.at} + event.size <= song->bytes.size());
        last_ns = event.at_ns;
    }
    PORTICO_CHECK(song->duration_ns >= last_ns);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = smf::read({data, size}, "fuzz.mid");
    if (!file.ok()) {
        check_line(file.error().message);
        return 0;
    }
    for (const auto& warning : file->warnings) check_line(warning);
    check_timeline(*file);
    const auto written = smf::write(*file, {portico::midi::RunningStatus::omitted});
    const auto again = smf::read(written, "fuzz.mid");
    PORTICO_CHECK(again.ok() && smf::write(*again, {portico::midi::RunningStatus::omitted}) == written);
    return 0;
}
