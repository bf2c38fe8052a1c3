#include "ends/smf/smf_sink.h"

#include <fmt/format.h>

namespace portico::ends {

Result<void> SmfSink::message(const WireMessage& message) {
    if (message.bytes.empty() || recorder_.add(message.begin_ns - origin_ns_, message.bytes)) return {};
    return Error{fmt::format("{}: the MIDI file would exceed {} bytes, which is the limit", file_.path(),
                             midi::smf::file_bytes_max)};
}

Result<void> SmfSink::end(Nanoseconds end_ns) {
    PORTICO_TRY_VOID(file_.write(recorder_.finish(end_ns - origin_ns_)));
    return file_.commit();
}

}  // namespace portico::ends
