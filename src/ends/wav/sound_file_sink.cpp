#include "ends/wav/sound_file_sink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "ends/shared_library.h"

namespace portico::ends {
namespace {

// The functions of libsndfile that are used.
struct SndFile {
    decltype(&::sf_open_virtual) open_virtual;
    decltype(&::sf_writef_short) writef_short;
    decltype(&::sf_close) close;
    decltype(&::sf_strerror) strerror;
    decltype(&::sf_version_string) version_string;

    static Result<SndFile> load() {
        const auto library = PORTICO_TRY(SharedLibrary::open("libsndfile.so.1", "libsndfile1"));
        SndFile f{};
        PORTICO_TRY_VOID(library.get(f.open_virtual, "sf_open_virtual"));
        PORTICO_TRY_VOID(library.get(f.writef_short, "sf_writef_short"));
        PORTICO_TRY_VOID(library.get(f.close, "sf_close"));
        PORTICO_TRY_VOID(library.get(f.strerror, "sf_strerror"));
        PORTICO_TRY_VOID(library.get(f.version_string, "sf_version_string"));
        return f;
    }
    static const Result<SndFile>& get() {
        static const auto loaded = load();
        return loaded;
    }
};

// libsndfile reports a failed write as "system error" at best: the reason is kept here.
struct Device {
    explicit Device(OutputFile output) : file(std::move(output)) {}

    static Device& of(void* user) { return *static_cast<Device*>(user); }
    sf_count_t keep(sf_count_t result) {
        if (result < 0 && error_number == 0) error_number = errno;
        return result;
    }

    OutputFile file;
    int error_number = 0;
};

sf_count_t device_length(void* user) {
    struct stat status = {};
    auto& device = Device::of(user);
    return device.keep(::fstat(device.file.fd(), &status)) < 0 ? -1 : status.st_size;
}

sf_count_t device_seek(sf_count_t offset, int whence, void* user) {
    auto& device = Device::of(user);
    return device.keep(::lseek(device.file.fd(), offset, whence));
}

sf_count_t device_read(void* data, sf_count_t count, void* user) {
    auto& device = Device::of(user);
    return std::max<sf_count_t>(0,
                                device.keep(::read(device.file.fd(), data, static_cast<std::size_t>(count))));
}

sf_count_t device_write(const void* data, sf_count_t count, void* user) {
    auto& device = Device::of(user);
    const auto* at = static_cast<const std::uint8_t*>(data);
    for (sf_count_t left = count; left > 0;) {
        const auto written = ::write(device.file.fd(), at, static_cast<std::size_t>(left));
        if (written < 0 && errno == EINTR) continue;
        if (device.keep(written) <= 0) return count - left;
        at += written;
        left -= written;
    }
    return count;
}

sf_count_t device_tell(void* user) {
    return device_seek(0, SEEK_CUR, user);
}

}  // namespace

struct SoundFileSink::State {
    State(const SndFile& functions, OutputFile file) : sf(functions), device(std::move(file)) {}
    ~State() { close(); }

    // libsndfile writes the lengths into the header now.
    void close() {
        if (handle != nullptr) sf.close(std::exchange(handle, nullptr));
    }
    Error error() const {
        if (device.error_number != 0) return device.file.error(device.error_number);
        return Error{fmt::format("{}: cannot write: {}", device.file.path(), sf.strerror(handle))};
    }

    const SndFile& sf;
    Device device;
    SNDFILE* handle = nullptr;
};

SoundFileSink::SoundFileSink(std::unique_ptr<State> state, const SoundFileOptions& options)
    : state_(std::move(state)), options_(options) {}

SoundFileSink::~SoundFileSink() = default;

Result<std::string> SoundFileSink::available() {
    const auto& loaded = SndFile::get();
    if (!loaded.ok()) return loaded.error();
    return std::string(loaded.value().version_string());
}

Result<std::unique_ptr<SoundFileSink>> SoundFileSink::create(OutputFile file,
                                                             const SoundFileOptions& options) {
    const auto& loaded = SndFile::get();
    if (!loaded.ok()) return loaded.error();
    SF_VIRTUAL_IO io = {device_length, device_seek, device_read, device_write, device_tell};
    SF_INFO info = {};
    info.samplerate = static_cast<int>(options.rate_hz);
    info.channels = 2;
    info.format =
        (options.format == SoundFileFormat::wav ? SF_FORMAT_WAV : SF_FORMAT_FLAC) | SF_FORMAT_PCM_16;
    auto state = std::make_unique<State>(loaded.value(), std::move(file));
    state->handle = state->sf.open_virtual(&io, SFM_WRITE, &info, &state->device);
    if (state->handle == nullptr) return state->error();
    return std::unique_ptr<SoundFileSink>(new SoundFileSink(std::move(state), options));
}

std::int16_t SoundFileSink::quantize(float sample) {
    const float scaled = sample * 32767.0f;
    if (scaled > 32767.0f || scaled < -32768.0f) ++clipped_;
    return static_cast<std::int16_t>(std::lrintf(std::clamp(scaled, -32768.0f, 32767.0f)));
}

Result<void> SoundFileSink::write(std::span<const float> samples) {
    std::array<std::int16_t, 2048> block;
    frames_ += samples.size() / 2;
    if (frames_ > options_.frames_max) {
        return Error{fmt::format("{}: the sound is longer than {} seconds, which is the limit",
                                 state_->device.file.path(), options_.frames_max / options_.rate_hz)};
    }
    while (!samples.empty()) {
        const auto some = samples.first(std::min(samples.size(), block.size()));
        std::transform(some.begin(), some.end(), block.begin(),
                       [this](float sample) { return quantize(sample); });
        const auto frames = static_cast<sf_count_t>(some.size() / 2);
        if (state_->sf.writef_short(state_->handle, block.data(), frames) != frames) return state_->error();
        if (state_->device.error_number != 0) return state_->error();
        samples = samples.subspan(some.size());
    }
    return {};
}

Result<void> SoundFileSink::finish() {
    state_->close();
    if (state_->device.error_number != 0) return state_->error();
    return state_->device.file.commit();
}

}  // namespace portico::ends
