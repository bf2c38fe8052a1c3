#include "ends/fluidsynth/fluidsynth_sink.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <dlfcn.h>
#include <fluidsynth.h>
#include <unistd.h>

#include <fmt/format.h>

#include "ends/shared_library.h"

namespace portico::ends {
namespace {

constexpr std::array<const char*, 4> usual_fonts = {
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf3/default-GM.sf3",
    "/usr/share/soundfonts/default.sf2",
};
constexpr unsigned steps_at_once = 16;
// Less than half a step of 16 bits.
constexpr float silence = 1.0f / 65536;

// The functions of libfluidsynth that are used.
struct FluidSynth {
    decltype(&::fluid_version_str) version_str;
    decltype(&::fluid_set_log_function) set_log_function;
    decltype(&::new_fluid_settings) new_settings;
    decltype(&::delete_fluid_settings) delete_settings;
    decltype(&::fluid_settings_setnum) setnum;
    decltype(&::fluid_settings_setint) setint;
    decltype(&::new_fluid_synth) new_synth;
    decltype(&::delete_fluid_synth) delete_synth;
    decltype(&::fluid_synth_sfload) sfload;
    decltype(&::fluid_synth_write_float) write_float;
    decltype(&::fluid_synth_noteon) noteon;
    decltype(&::fluid_synth_noteoff) noteoff;
    decltype(&::fluid_synth_cc) cc;
    decltype(&::fluid_synth_program_change) program_change;
    decltype(&::fluid_synth_pitch_bend) pitch_bend;
    decltype(&::fluid_synth_channel_pressure) channel_pressure;
    decltype(&::fluid_synth_key_pressure) key_pressure;
    decltype(&::fluid_synth_sysex) sysex;
    decltype(&::fluid_synth_system_reset) system_reset;
    decltype(&::fluid_synth_all_notes_off) all_notes_off;

    static Result<FluidSynth> load();
    static const Result<FluidSynth>& get() {
        static const auto loaded = load();
        return loaded;
    }
    Result<void> find_messages(const SharedLibrary& library);
};

// FluidSynth would print to stderr; what it has to say stands in our own errors.
void ignore_log(int, const char*, void*) {}

Result<FluidSynth> FluidSynth::load() {
    const auto library = PORTICO_TRY(SharedLibrary::open("libfluidsynth.so.3", "libfluidsynth3"));
    FluidSynth f{};
    PORTICO_TRY_VOID(library.get(f.version_str, "fluid_version_str"));
    PORTICO_TRY_VOID(library.get(f.set_log_function, "fluid_set_log_function"));
    PORTICO_TRY_VOID(library.get(f.new_settings, "new_fluid_settings"));
    PORTICO_TRY_VOID(library.get(f.delete_settings, "delete_fluid_settings"));
    PORTICO_TRY_VOID(library.get(f.setnum, "fluid_settings_setnum"));
    PORTICO_TRY_VOID(library.get(f.setint, "fluid_settings_setint"));
    PORTICO_TRY_VOID(library.get(f.new_synth, "new_fluid_synth"));
    PORTICO_TRY_VOID(library.get(f.delete_synth, "delete_fluid_synth"));
    PORTICO_TRY_VOID(library.get(f.sfload, "fluid_synth_sfload"));
    PORTICO_TRY_VOID(library.get(f.write_float, "fluid_synth_write_float"));
    PORTICO_TRY_VOID(f.find_messages(library));
    for (const int level : {FLUID_PANIC, FLUID_ERR, FLUID_WARN, FLUID_INFO, FLUID_DBG}) {
        f.set_log_function(level, ignore_log, nullptr);
    }
    return f;
}

Result<void> FluidSynth::find_messages(const SharedLibrary& library) {
    PORTICO_TRY_VOID(library.get(noteon, "fluid_synth_noteon"));
    PORTICO_TRY_VOID(library.get(noteoff, "fluid_synth_noteoff"));
    PORTICO_TRY_VOID(library.get(cc, "fluid_synth_cc"));
    PORTICO_TRY_VOID(library.get(program_change, "fluid_synth_program_change"));
    PORTICO_TRY_VOID(library.get(pitch_bend, "fluid_synth_pitch_bend"));
    PORTICO_TRY_VOID(library.get(channel_pressure, "fluid_synth_channel_pressure"));
    PORTICO_TRY_VOID(library.get(key_pressure, "fluid_synth_key_pressure"));
    PORTICO_TRY_VOID(library.get(sysex, "fluid_synth_sysex"));
    PORTICO_TRY_VOID(library.get(system_reset, "fluid_synth_system_reset"));
    PORTICO_TRY_VOID(library.get(all_notes_off, "fluid_synth_all_notes_off"));
    return {};
}

// For a file that FluidSynth does not know it asks libinstpatch, which complains on stderr through GLib.
class QuietGlib {
  public:
    QuietGlib() {
        void* const glib = ::dlopen("libglib-2.0.so.0", RTLD_NOW | RTLD_NOLOAD);
        if (glib == nullptr) return;
        set_handler_ = reinterpret_cast<SetHandler*>(::dlsym(glib, "g_log_set_default_handler"));
        ::dlclose(glib);
        if (set_handler_ != nullptr) before_ = set_handler_(ignore, nullptr);
    }
    ~QuietGlib() {
        if (set_handler_ != nullptr) set_handler_(before_, nullptr);
    }
    QuietGlib(const QuietGlib&) = delete;
    QuietGlib& operator=(const QuietGlib&) = delete;

  private:
    using Handler = void(const char* domain, int level, const char* message, void* user);
    using SetHandler = Handler*(Handler*, void* user);
    static void ignore(const char*, int, const char*, void*) {}

    SetHandler* set_handler_ = nullptr;
    Handler* before_ = nullptr;
};

Result<std::string> usual_font() {
    for (const char* font : usual_fonts) {
        if (::access(font, R_OK) == 0) return std::string(font);
    }
    return Error{"no SoundFont in the usual places: apt install timgm6mb-soundfont, or name one with --synth",
                 ExitCode::missing};
}

}  // namespace

struct FluidSynthSink::Synth {
    explicit Synth(const FluidSynth& functions) : f(functions) {}
    ~Synth() {
        if (synth != nullptr) f.delete_synth(synth);
        if (settings != nullptr) f.delete_settings(settings);
    }
    Synth(const Synth&) = delete;
    Synth& operator=(const Synth&) = delete;

    Result<void> start(unsigned rate_hz, double gain);
    Result<void> load(const std::string& font);
    void play(std::span<const std::uint8_t> message);
    void play_channel(std::span<const std::uint8_t> message);

    const FluidSynth& f;
    fluid_settings_t* settings = nullptr;
    fluid_synth_t* synth = nullptr;
};

// One thread, no chorus (its modulation has no defined phase), samples of a preset loaded when it is chosen.
Result<void> FluidSynthSink::Synth::start(unsigned rate_hz, double gain) {
    settings = f.new_settings();
    if (settings != nullptr) {
        f.setnum(settings, "synth.sample-rate", rate_hz);
        f.setnum(settings, "synth.gain", gain);
        f.setint(settings, "synth.cpu-cores", 1);
        f.setint(settings, "synth.lock-memory", 0);
        f.setint(settings, "synth.threadsafe-api", 0);
        f.setint(settings, "synth.chorus.active", 0);
        f.setint(settings, "synth.dynamic-sample-loading", 1);
        synth = f.new_synth(settings);
    }
    if (synth == nullptr) return Error{fmt::format("FluidSynth does not start at {} Hz", rate_hz)};
    return {};
}

Result<void> FluidSynthSink::Synth::load(const std::string& font) {
    if (::access(font.c_str(), R_OK) != 0) return Error{fmt::format("{}: cannot open this SoundFont", font)};
    const QuietGlib quiet;
    if (f.sfload(synth, font.c_str(), 1) < 0) return Error{fmt::format("{}: not a SoundFont", font)};
    return {};
}

void FluidSynthSink::Synth::play(std::span<const std::uint8_t> message) {
    if (midi::is_channel_status(message[0])) return play_channel(message);
    if (message[0] == midi::system_reset) f.system_reset(synth);
    if (message[0] != midi::sysex_begin) return;
    const auto data = message.subspan(1, message.size() - 2);
    f.sysex(synth, reinterpret_cast<const char*>(data.data()), static_cast<int>(data.size()), nullptr,
            nullptr, nullptr, 0);
}

void FluidSynthSink::Synth::play_channel(std::span<const std::uint8_t> m) {
    const int channel = m[0] & 0x0F;
    switch (m[0] & 0xF0) {
        case 0x80:
            f.noteoff(synth, channel, m[1]);
            return;
        case 0x90:
            f.noteon(synth, channel, m[1], m[2]);
            return;
        case 0xA0:
            f.key_pressure(synth, channel, m[1], m[2]);
            return;
        case 0xB0:
            f.cc(synth, channel, m[1], m[2]);
            return;
        case 0xC0:
            f.program_change(synth, channel, m[1]);
            return;
        case 0xD0:
            f.channel_pressure(synth, channel, m[1]);
            return;
        default:
            f.pitch_bend(synth, channel, m[2] << 7 | m[1]);
            return;
    }
}

Result<std::string> FluidSynthSink::available() {
    const auto& loaded = FluidSynth::get();
    if (!loaded.ok()) return loaded.error();
    const auto font = PORTICO_TRY(usual_font());
    return fmt::format("{}, {}", loaded.value().version_str(), font);
}

Result<std::unique_ptr<FluidSynthSink>> FluidSynthSink::create(std::unique_ptr<AudioSink> audio,
                                                               const FluidSynthOptions& options) {
    const auto& loaded = FluidSynth::get();
    if (!loaded.ok()) return loaded.error();
    const auto font = options.font.empty() ? PORTICO_TRY(usual_font()) : options.font;
    auto synth = std::make_unique<Synth>(loaded.value());
    PORTICO_TRY_VOID(synth->start(audio->rate_hz(), options.gain));
    PORTICO_TRY_VOID(synth->load(font));
    return std::unique_ptr<FluidSynthSink>(new FluidSynthSink(std::move(audio), std::move(synth), options));
}

FluidSynthSink::FluidSynthSink(std::unique_ptr<AudioSink> audio, std::unique_ptr<Synth> synth,
                               const FluidSynthOptions& options)
    : audio_(std::move(audio)),
      synth_(std::move(synth)),
      origin_ns_(options.origin_ns),
      tail_ns_max_(options.tail_ns_max) {}

FluidSynthSink::~FluidSynthSink() = default;

Result<void> FluidSynthSink::message(const WireMessage& message) {
    PORTICO_TRY_VOID(render_to(step_at(message.end_ns)));
    if (message.whole()) synth_->play(message.bytes);
    return {};
}

// The step nearest to the time.
std::uint64_t FluidSynthSink::step_at(Nanoseconds at_ns) const {
    const auto since_ns = static_cast<unsigned __int128>(std::max<Nanoseconds>(at_ns - origin_ns_, 0));
    const auto half = static_cast<unsigned __int128>(second_ns) * step_frames / 2;
    return static_cast<std::uint64_t>((since_ns * audio_->rate_hz() + half) / (half * 2));
}

Result<void> FluidSynthSink::render_to(std::uint64_t step) {
    while (step_ < step) {
        const auto steps = static_cast<unsigned>(std::min<std::uint64_t>(step - step_, steps_at_once));
        PORTICO_TRY(render(steps));
    }
    return {};
}

Result<float> FluidSynthSink::render(unsigned steps) {
    std::array<float, 2 * step_frames * steps_at_once> samples;
    const unsigned frames = steps * step_frames;
    if (synth_->f.write_float(synth_->synth, static_cast<int>(frames), samples.data(), 0, 2, samples.data(),
                              1, 2) != FLUID_OK) {
        return Error{"FluidSynth cannot render"};
    }
    step_ += steps;
    PORTICO_TRY_VOID(audio_->write(std::span(samples).first(2 * frames)));
    float peak = 0;
    for (unsigned i = 0; i < 2 * frames; ++i) peak = std::max(peak, std::abs(samples[i]));
    return peak;
}

Result<void> FluidSynthSink::end(Nanoseconds end_ns) {
    PORTICO_TRY_VOID(render_to(step_at(end_ns)));
    synth_->f.all_notes_off(synth_->synth, -1);
    PORTICO_TRY_VOID(render_tail());
    return audio_->finish();
}

// Silent is what stays so for a quarter of a second: reverberation has gaps.
Result<void> FluidSynthSink::render_tail() {
    const std::uint64_t last = step_ + step_at(origin_ns_ + tail_ns_max_);
    const std::uint64_t quiet_enough = step_at(origin_ns_ + second_ns / 4);
    std::uint64_t quiet = 0;
    while (step_ < last && quiet < quiet_enough) {
        const float peak = PORTICO_TRY(render(1));
        quiet = peak < silence ? quiet + 1 : 0;
    }
    return {};
}

}  // namespace portico::ends
