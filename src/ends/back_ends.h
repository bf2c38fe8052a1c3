// What this machine offers, and outputs by the name of their file.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "ends/event_sink.h"
#include "ends/fluidsynth/fluidsynth_sink.h"
#include "ends/output_file.h"

namespace portico::ends {

struct BackEnd {
    const char* name;
    const char* purpose;
    Result<std::string> (*available)();  // its version; errors: missing, with what to install
};

std::span<const BackEnd> back_ends();

struct OutputOptions {
    unsigned rate_hz = 44'100;     // of sound files
    OutputBatch* batch = nullptr;  // the file appears with it; null: in finish()
    Nanoseconds length_ns = 0;     // what is known to be written; a sound file that cannot hold it is refused
    FluidSynthOptions synth;       // of sound files; its origin_ns is where every kind of file begins
};

// By the extension of `path`: .mid .midi .smf, .txt, .wav, .flac, in any case. Errors: bad_input (extension,
// a place that cannot be written), missing (library, SoundFont).
Result<std::unique_ptr<EventSink>> open_output(const std::string& path, const OutputOptions& options = {});

}  // namespace portico::ends
