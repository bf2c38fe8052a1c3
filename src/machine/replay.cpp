#include "machine/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <type_traits>

#include "build_id.h"
#include "machine/schedule.h"

namespace portico::machine {
namespace {

constexpr int format_version = 2;
constexpr std::uintmax_t size_max = 64u << 20;

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
}

std::vector<std::uint8_t> unhex(const std::string& text, const char* what) {
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
        throw std::runtime_error(fmt::format("{} is not hexadecimal", what));
    }
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

nlohmann::json json_of(const ReplayEnd& end) {
    return {{"code", end.code}, {"rule", end.rule}, {"text", end.text},
            {"file", end.file}, {"line", end.line}, {"at_ns", end.at_ns}};
}

// nlohmann converts numbers without a word; a damaged file shall not pass.
template <class Number>
Number number(const nlohmann::json& json, const char* key) {
    const auto& value = json.at(key);
    const bool whole = std::is_signed_v<Number> ? value.is_number_integer() : value.is_number_unsigned();
    if (!whole ||
        (value.is_number_unsigned() &&
         value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))) {
        throw std::runtime_error(fmt::format("{} is not such a number", key));
    }
    return value.get<Number>();
}

std::vector<unsigned> choices_of(const nlohmann::json& json) {
    std::vector<unsigned> runs;
    for (const auto& value : json) {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX)
            throw std::runtime_error("choices are not numbers");
        runs.push_back(value.get<unsigned>());
    }
    std::vector<std::uint8_t> choices;
    if (!sim::ChoiceLog::from_runs(runs, choices))
        throw std::runtime_error("choices are none that a run makes");
    return runs;
}

std::vector<RegistryFile> files_of(const nlohmann::json& json, const char* key, const char* what) {
    std::vector<RegistryFile> files;
    for (const auto& file : json.value(key, nlohmann::json::array())) {
        const auto bytes = unhex(file.at("bytes").get<std::string>(), what);
        files.push_back({file.at("path").get<std::string>(), std::string(bytes.begin(), bytes.end())});
    }
    return files;
}

Replay parse(const nlohmann::json& json) {
    Replay replay;
    replay.build = json.at("build").get<std::string>();
    replay.driver_path = json.at("driver").at("path").get<std::string>();
    replay.driver_hash = number<std::uint64_t>(json.at("driver"), "hash");
    replay.seed = number<std::uint64_t>(json, "seed");
    replay.schedule = json.at("schedule").get<std::string>();
    MachineConfig unused;
    if (const auto known = parse_schedule(replay.schedule, unused); !known.ok())
        throw std::runtime_error(known.error().message);
    replay.test = json.at("test").get<std::string>();
    replay.command = json.at("command").get<std::vector<std::string>>();
    replay.machine = json.at("machine").get<std::string>();
    replay.choices = choices_of(json.at("choices"));
    const auto& end = json.at("end");
    replay.end = {number<std::uint32_t>(end, "code"), end.at("rule").get<std::string>(),
                  end.at("text").get<std::string>(),  end.at("file").get<std::string>(),
                  number<unsigned>(end, "line"),      number<std::int64_t>(end, "at_ns")};
    replay.registry_files = files_of(json, "registry_files", "a registration file");
    replay.inf_files = files_of(json, "inf_files", "an INF");
    replay.scenario = json.value("scenario", std::string());
    replay.input = unhex(json.at("input").get<std::string>(), "input");
    return replay;
}

// What a person can use of nlohmann's "[json.exception.parse_error.101] parse error at line 1, ...": one
// line.
std::string plain(const char* what) {
    std::string text = what;
    if (text.starts_with('[')) text.erase(0, text.find("] ") == std::string::npos ? 0 : text.find("] ") + 2);
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text.substr(0, 160);
}

}  // namespace

std::string build_id() {
    return PORTICO_BUILD_ID;
}

namespace {

nlohmann::json json_of(const std::vector<RegistryFile>& files) {
    nlohmann::json list = nlohmann::json::array();
    for (const RegistryFile& file : files)
        list.push_back({{"path", file.path}, {"bytes", hex(bytes_of(file.bytes))}});
    return list;
}

}  // namespace

std::string to_json(const Replay& replay) {
    nlohmann::json json;
    json["portico-replay"] = format_version;
    json["build"] = replay.build;
    json["driver"] = {{"path", replay.driver_path}, {"hash", replay.driver_hash}};
    json["seed"] = replay.seed;
    json["schedule"] = replay.schedule;
    json["test"] = replay.test;
    json["command"] = replay.command;
    json["machine"] = replay.machine;
    json["choices"] = replay.choices;
    json["end"] = json_of(replay.end);
    json["registry_files"] = json_of(replay.registry_files);
    if (!replay.inf_files.empty()) json["inf_files"] = json_of(replay.inf_files);
    if (!replay.scenario.empty()) json["scenario"] = replay.scenario;
    json["input"] = hex(replay.input);
    return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Replay> replay_from_json(const std::string& text, const std::string& path) {
    try {
        const auto json = nlohmann::json::parse(text);
        if (!json.is_object() || !json.contains("portico-replay")) {
            return Error{fmt::format("{}: not a replay file: no \"portico-replay\" in it", path)};
        }
        if (json["portico-replay"] != format_version) {
            return Error{
                fmt::format("{}: a replay file of another version of Portico; record the run again", path)};
        }
        return parse(json);
    } catch (const std::exception& error) {
        return Error{fmt::format("{}: not a replay file: {}", path, plain(error.what()))};
    }
}

Result<Replay> read_replay(const std::string& path) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) return Error{fmt::format("{}: cannot be read: {}", path, failed.message())};
    if (size > size_max)
        return Error{fmt::format("{}: not a replay file: more than {} MiB", path, size_max >> 20)};
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
    std::ostringstream text;
    text << file.rdbuf();
    return replay_from_json(text.str(), path);
}

Result<void> write_replay(const Replay& replay, const std::string& path) {
    const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << to_json(replay) << '\n';
    file.close();
    if (file.fail() || std::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        std::remove(temporary.c_str());
        return Error{fmt::format("{}: cannot be written: {}", path, std::strerror(error))};
    }
    return {};
}

Result<void> check_fits(const Replay& replay, const std::string& path, std::uint64_t driver_hash) {
    if (replay.build != build_id()) {
        return Error{fmt::format(
            "{}: recorded by another build of Portico ({}, this is {}): the run may end differently; "
            "record it again",
            path, replay.build, build_id())};
    }
    if (replay.driver_hash != driver_hash) {
        return Error{fmt::format(
            "{}: recorded with another build of the driver ({:016x}, this is {:016x}); rebuild the "
            "driver as it was, or record the run again",
            path, replay.driver_hash, driver_hash)};
    }
    return {};
}

}  // namespace portico::machine
