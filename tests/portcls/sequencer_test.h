// A running render pin over a scripted stream.
#pragma once

#include "midi_test.h"

namespace portico::test {

struct SequencerTest : MidiTest {
    HANDLE pin = nullptr;

    void running() {
        ASSERT_NO_FATAL_FAILURE(start_device_and_filter());
        pin = running_pin(render_pin);
        started_100ns = nt::ke::exact_time_100ns();
    }
    ScriptedStream& stream() { return miniport.stream(); }
    // Of the writes, in milliseconds of stream time.
    std::vector<LONGLONG> times() { return stream().times_ms(started_100ns); }
    Sent send_records(const Bytes& records, const HeaderOptions& options = {}) {
        return send(pin, IOCTL_KS_WRITE_STREAM, header(records.size(), options), records);
    }
    LONGLONG started_100ns = 0;
};

}  // namespace portico::test
