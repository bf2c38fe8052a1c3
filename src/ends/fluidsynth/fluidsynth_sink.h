#pragma once

#include <memory>
#include <string>

#include "ends/audio_sink.h"
#include "ends/message_sink.h"

namespace portico::ends {

struct FluidSynthOptions {
    std::string font;           // a SoundFont file; empty: the first of the usual places
    double gain = 0.6;          // 0 to 10
    Nanoseconds origin_ns = 0;  // where the sound begins; earlier messages count as there
    Nanoseconds tail_ns_max =
        10 * second_ns;  // the end of the last notes' sound, if it does not fall silent before
};

// Plays the messages of one wire into an AudioSink with FluidSynth, which is opened when the first sink is
// made.
//
// Driven by the times of the messages alone, on the caller's thread: the same messages at the same times give
// the same samples. A message takes effect at the time of its last byte, rounded to FluidSynth's own steps of
// 64 frames (1.45 ms at 44100 Hz). Sound after the end is kept until it is silent.
class FluidSynthSink : public MessageSink {
  public:
    static constexpr unsigned step_frames = 64;

    // Its version and the SoundFont used without `font`; errors: missing.
    static Result<std::string> available();
    // Errors: missing (library, SoundFont), bad_input (not a SoundFont).
    static Result<std::unique_ptr<FluidSynthSink>> create(std::unique_ptr<AudioSink> audio,
                                                          const FluidSynthOptions& options);
    ~FluidSynthSink() override;
    Result<void> silent_until(Nanoseconds at_ns) override { return render_to(step_at(at_ns)); }

  private:
    struct Synth;
    FluidSynthSink(std::unique_ptr<AudioSink> audio, std::unique_ptr<Synth> synth,
                   const FluidSynthOptions& options);

    Result<void> message(const WireMessage& message) override;
    Result<void> end(Nanoseconds end_ns) override;

    std::uint64_t step_at(Nanoseconds at_ns) const;
    Result<void> render_to(std::uint64_t step);
    // The samples' peak.
    Result<float> render(unsigned steps);
    Result<void> render_tail();

    std::unique_ptr<AudioSink> audio_;
    std::unique_ptr<Synth> synth_;
    Nanoseconds origin_ns_;
    Nanoseconds tail_ns_max_;
    std::uint64_t step_ = 0;  // steps rendered
};

}  // namespace portico::ends
