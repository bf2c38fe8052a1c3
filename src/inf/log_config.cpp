#include "inf/log_config.h"

#include <fmt/format.h>

#include <bit>
#include <optional>
#include <utility>

#include "inf/text.h"

namespace portico::inf {
namespace {

using Kind = ResourceChoice::Kind;

constexpr std::pair<std::string_view, ConfigPriority> priorities[] = {
    {"DESIRED", ConfigPriority::desired},
    {"NORMAL", ConfigPriority::normal},
    {"SUBOPTIMAL", ConfigPriority::suboptimal},
    {"RESTART", ConfigPriority::restart},
    {"REBOOT", ConfigPriority::restart},
    {"POWEROFF", ConfigPriority::power_off},
    {"HARDRECONFIG", ConfigPriority::hard_reconfig},
    {"HARDWIRED", ConfigPriority::hardwired},
    {"DISABLED", ConfigPriority::disabled}};

// "330-331" or "2@300-3FF%FFF8", and what a device decodes, "(3FF::)", behind it.
std::optional<Range> range_of(std::string_view text, bool memory) {
    text = text.substr(0, text.find('('));
    const std::size_t at = text.find('@');
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::size_t percent = std::min(text.find('%'), text.size());
    if (percent < dash) return std::nullopt;
    const std::size_t begin = at == std::string_view::npos ? 0 : at + 1;
    if (begin > dash) return std::nullopt;
    const auto least = hexadecimal(text.substr(begin, dash - begin));
    const auto most = hexadecimal(text.substr(dash + 1, percent - dash - 1));
    if (!least || !most || *most < *least || *most - *least == UINT64_MAX) return std::nullopt;
    Range range{*least, *most - *least + 1, *least, 1};
    if (at == std::string_view::npos) return range;
    const auto size = hexadecimal(text.substr(0, at));
    const auto mask = percent == text.size()
                          ? std::optional<std::uint64_t>(memory ? ~std::uint64_t{0xFFF} : ~std::uint64_t{0})
                          : hexadecimal(text.substr(percent + 1));
    if (!size || *size == 0 || !mask || *size > range.length) return std::nullopt;
    range.step = *mask == 0 ? 1 : std::uint64_t{1} << std::countr_zero(*mask);
    range.length = *size;
    range.last_first = *most - *size + 1;
    // The first aligned place.
    if (range.first % range.step != 0) range.first += range.step - range.first % range.step;
    return range.first <= range.last_first && range.first >= *least ? std::optional(range) : std::nullopt;
}

class ConfigReader {
  public:
    ConfigReader(const Section& section, Problems& problems) : section_(section), problems_(problems) {}

    LogConfig read() {
        for (const Line& line : section_.lines) {
            if (equal(line.key, "IOConfig")) {
                ranges(line, Kind::port);
            } else if (equal(line.key, "MemConfig")) {
                ranges(line, Kind::memory);
            } else if (equal(line.key, "IRQConfig")) {
                numbers(line, Kind::interrupt, 255);
            } else if (equal(line.key, "DMAConfig")) {
                numbers(line, Kind::dma, 7);
            } else if (equal(line.key, "ConfigPriority")) {
                priority(line);
            } else if (!equal(line.key, "PcCardConfig") && !equal(line.key, "MfCardConfig")) {
                problems_.add(line.number,
                              fmt::format("'{}' is no resource; a LogConfig section has IOConfig, "
                                          "IRQConfig, DMAConfig, MemConfig",
                                          (line.key.empty() ? line.at(0) : line.key).substr(0, 40)));
            }
        }
        return std::move(config_);
    }

  private:
    // "NORMAL,BASIC": how the configuration came about is no matter here.
    void priority(const Line& line) {
        for (const auto& [name, value] : priorities) {
            if (!equal(line.at(0), name)) continue;
            config_.priority = value;
            return;
        }
        problems_.add(
            line.number,
            fmt::format("'{}' is no ConfigPriority; there are DESIRED, NORMAL, SUBOPTIMAL, RESTART, "
                        "REBOOT, POWEROFF, HARDRECONFIG, HARDWIRED, DISABLED",
                        std::string_view(line.at(0)).substr(0, 40)));
    }

    void ranges(const Line& line, Kind kind) {
        ResourceChoice choice;
        choice.kind = kind;
        for (const std::string& value : line.values) {
            const auto range = range_of(value, kind == Kind::memory);
            if (!range) {
                problems_.add(line.number,
                              fmt::format("'{}' is no range; write 330-331 or 2@300-3FF%FFF8, in hexadecimal",
                                          value.substr(0, 40)));
                return;
            }
            choice.ranges.push_back(*range);
        }
        config_.choices.push_back(std::move(choice));
    }

    // "LS:5,7": attributes before the first number.
    void numbers(const Line& line, Kind kind, std::uint64_t most) {
        ResourceChoice choice;
        choice.kind = kind;
        for (std::size_t i = 0; i < line.values.size(); ++i) {
            std::string_view text = line.values[i];
            const std::size_t colon = text.find(':');
            if (i == 0 && colon != std::string_view::npos) {
                attributes(text.substr(0, colon), choice);
                text.remove_prefix(colon + 1);
            }
            while (text.starts_with(' ')) text.remove_prefix(1);
            const auto number = decimal(text);
            if (!number || *number > most) {
                problems_.add(line.number, fmt::format("'{}' is no number from 0 to {}",
                                                       line.values[i].substr(0, 40), most));
                return;
            }
            choice.ranges.push_back({*number, 1, *number, 1});
        }
        config_.choices.push_back(std::move(choice));
    }

    static void attributes(std::string_view letters, ResourceChoice& choice) {
        for (const char c : lower(letters)) {
            choice.level = choice.level || c == 'l';
            choice.shared = choice.shared || c == 's';
        }
    }

    const Section& section_;
    Problems& problems_;
    LogConfig config_;
};

}  // namespace

LogConfig read_log_config(const Section& section, Problems& problems) {
    return ConfigReader(section, problems).read();
}

}  // namespace portico::inf
