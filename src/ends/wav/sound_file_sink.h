#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ends/audio_sink.h"
#include "ends/output_file.h"

namespace portico::ends {

enum class SoundFileFormat : std::uint8_t { wav, flac };

struct SoundFileOptions {
    SoundFileFormat format = SoundFileFormat::wav;
    unsigned rate_hz = 44'100;
    // A WAV file cannot say that it is longer: 6.7 hours at 44100 Hz. FLAC is held to the same length.
    std::uint64_t frames_max = (UINT32_MAX - 1024) / 4;
};

// 16 bits, stereo, by libsndfile, which is opened when the first sink is made.
class SoundFileSink : public AudioSink {
  public:
    // Its version; errors: missing.
    static Result<std::string> available();
    static Result<std::unique_ptr<SoundFileSink>> create(OutputFile file, const SoundFileOptions& options);

    ~SoundFileSink() override;
    unsigned rate_hz() const override { return options_.rate_hz; }
    Result<void> write(std::span<const float> samples) override;
    Result<void> finish() override;

    std::uint64_t clipped_samples() const { return clipped_; }

  private:
    struct State;
    SoundFileSink(std::unique_ptr<State> state, const SoundFileOptions& options);
    std::int16_t quantize(float sample);

    std::unique_ptr<State> state_;
    SoundFileOptions options_;
    std::uint64_t frames_ = 0;
    std::uint64_t clipped_ = 0;
};

}  // namespace portico::ends
