#include "ends/back_ends.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "ends/smf/smf_sink.h"
#include "ends/text/text_sink.h"
#include "ends/wav/sound_file_sink.h"

namespace portico::ends {
namespace {

constexpr std::array<BackEnd, 2> all = {{
    {"libsndfile", "writes .wav and .flac", SoundFileSink::available},
    {"FluidSynth", "turns MIDI into sound", FluidSynthSink::available},
}};

std::string extension_of(const std::string& path) {
    auto extension = std::filesystem::path(path).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return extension;
}

Result<std::unique_ptr<EventSink>> open_sound(const std::string& path, SoundFileFormat format,
                                              const OutputOptions& options) {
    const SoundFileOptions sound{format, options.rate_hz};
    const auto seconds_max = static_cast<Nanoseconds>(sound.frames_max / sound.rate_hz);
    if (options.length_ns / second_ns > seconds_max) {
        return Error{fmt::format("{}: the song lasts {} seconds; a sound file holds {}", path,
                                 options.length_ns / second_ns, seconds_max)};
    }
    auto audio = PORTICO_TRY(SoundFileSink::create(
        PORTICO_TRY(OutputFile::create(path, TemporaryKind::nameless, options.batch)), sound));
    std::unique_ptr<EventSink> sink = PORTICO_TRY(FluidSynthSink::create(std::move(audio), options.synth));
    return sink;
}

template <class Sink>
Result<std::unique_ptr<EventSink>> open_file(const std::string& path, const OutputOptions& options) {
    std::unique_ptr<EventSink> sink =
        std::make_unique<Sink>(PORTICO_TRY(OutputFile::create(path, TemporaryKind::nameless, options.batch)),
                               options.synth.origin_ns);
    return sink;
}

}  // namespace

std::span<const BackEnd> back_ends() {
    return all;
}

Result<std::unique_ptr<EventSink>> open_output(const std::string& path, const OutputOptions& options) {
    const auto extension = extension_of(path);
    if (extension == ".wav") return open_sound(path, SoundFileFormat::wav, options);
    if (extension == ".flac") return open_sound(path, SoundFileFormat::flac, options);
    if (extension == ".mid" || extension == ".midi" || extension == ".smf")
        return open_file<SmfSink>(path, options);
    if (extension == ".txt") return open_file<TextSink>(path, options);
    return Error{
        fmt::format("{}: no kind of output ends in '{}'; use .wav, .flac, .mid or .txt", path, extension)};
}

}  // namespace portico::ends
