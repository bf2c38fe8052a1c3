#include "hardware/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/nearest.h"

namespace portico::hardware {
namespace {

struct Unit {
    std::string_view name;
    Nanoseconds ns;
};
constexpr Unit units[] = {{"ns", 1}, {"us", microsecond_ns}, {"ms", millisecond_ns}, {"s", second_ns}};

std::string duration_text(Nanoseconds value_ns) {
    const Unit* best = &units[0];
    for (const Unit& unit : units) {
        if (value_ns % unit.ns == 0 && value_ns != 0) best = &unit;
    }
    return fmt::format("{}{}", value_ns / best->ns, best->name);
}

std::string number_text(const Parameter& parameter, std::int64_t value) {
    return parameter.hexadecimal ? fmt::format("{:#x}", value) : fmt::format("{}", value);
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::string_view* rest) {
    const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char* const begin = text.data() + (hexadecimal ? 2 : 0);
    const char* const end = text.data() + text.size();
    std::int64_t value = 0;
    const auto parsed = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
    if (parsed.ec != std::errc()) return std::nullopt;
    *rest = std::string_view(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    return value;
}

std::optional<std::int64_t> number_of(const Value& value) {
    if (const auto* given = std::get_if<std::int64_t>(&value)) return *given;
    std::string_view rest;
    const auto* const text = std::get_if<std::string>(&value);
    const auto parsed = text == nullptr ? std::nullopt : parse_integer(*text, &rest);
    return rest.empty() ? parsed : std::nullopt;
}

// 0 needs no unit; everything else does, so that nobody mistakes one for another.
std::optional<std::int64_t> duration_of(const Value& value) {
    if (const auto* given = std::get_if<std::int64_t>(&value))
        return *given == 0 ? std::optional(*given) : std::nullopt;
    std::string_view rest;
    const auto* const text = std::get_if<std::string>(&value);
    const auto parsed = text == nullptr ? std::nullopt : parse_integer(*text, &rest);
    if (!parsed) return std::nullopt;
    if (rest.empty() && *parsed == 0) return 0;
    for (const Unit& unit : units) {
        std::int64_t ns = 0;
        if (rest == unit.name && !__builtin_mul_overflow(*parsed, unit.ns, &ns)) return ns;
    }
    return std::nullopt;
}

std::optional<std::int64_t> flag_of(const Value& value) {
    if (const auto* given = std::get_if<bool>(&value)) return *given;
    const auto* const text = std::get_if<std::string>(&value);
    if (text == nullptr) return std::nullopt;
    if (*text == "true" || *text == "on" || *text == "yes") return 1;
    if (*text == "false" || *text == "off" || *text == "no") return 0;
    return std::nullopt;
}

std::optional<std::int64_t> choice_of(const Parameter& parameter, const Value& value) {
    const auto* const text = std::get_if<std::string>(&value);
    for (std::size_t i = 0; text != nullptr && i < parameter.choices.size(); ++i) {
        if (*text == parameter.choices[i]) return static_cast<std::int64_t>(i);
    }
    return std::nullopt;
}

std::optional<std::int64_t> parsed_value(const Parameter& parameter, const Value& value) {
    const auto* const text = std::get_if<std::string>(&value);
    if (parameter.endless != nullptr && text != nullptr && *text == parameter.endless)
        return parameter.endless_value;
    std::optional<std::int64_t> parsed;
    switch (parameter.kind) {
        case ParameterKind::number:
            parsed = number_of(value);
            break;
        case ParameterKind::duration:
            parsed = duration_of(value);
            break;
        case ParameterKind::flag:
            return flag_of(value);
        case ParameterKind::choice:
            return choice_of(parameter, value);
    }
    if (!parsed || *parsed < parameter.least || *parsed > parameter.most) return std::nullopt;
    return parsed;
}

std::string shown(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    return fmt::format("\"{}\"", std::get<std::string>(value));
}

std::string unknown_key(std::span<const Parameter> parameters, std::string_view who, std::string_view key) {
    std::vector<std::string_view> keys;
    for (const Parameter& parameter : parameters) keys.emplace_back(parameter.key);
    const std::string meant = nearest(key, keys);
    if (!meant.empty()) return fmt::format("{} has no parameter \"{}\"; did you mean {}?", who, key, meant);
    return fmt::format("{} has no parameter \"{}\"; it has {}", who, key, fmt::join(keys, ", "));
}

}  // namespace

const Parameter* find_parameter(std::span<const Parameter> parameters, std::string_view key) {
    for (const Parameter& parameter : parameters) {
        if (key == parameter.key) return &parameter;
    }
    return nullptr;
}

std::string text_of(const Parameter& parameter, const void* options) {
    const std::int64_t value = parameter.get(options);
    if (parameter.endless != nullptr && value == parameter.endless_value) return parameter.endless;
    switch (parameter.kind) {
        case ParameterKind::number:
            return number_text(parameter, value);
        case ParameterKind::flag:
            return value != 0 ? "true" : "false";
        case ParameterKind::duration:
            return duration_text(value);
        case ParameterKind::choice:
            return parameter.choices[static_cast<std::size_t>(value)];
    }
    return {};
}

std::string range_of(const Parameter& parameter) {
    const std::string or_endless =
        parameter.endless == nullptr ? "" : fmt::format(", or {}", parameter.endless);
    switch (parameter.kind) {
        case ParameterKind::number:
            return fmt::format("{} to {}{}", number_text(parameter, parameter.least),
                               number_text(parameter, parameter.most), or_endless);
        case ParameterKind::flag:
            return "true or false";
        case ParameterKind::duration:
            return fmt::format("{} to {}{}", duration_text(parameter.least), duration_text(parameter.most),
                               or_endless);
        case ParameterKind::choice:
            return fmt::format("{}", fmt::join(parameter.choices, " or "));
    }
    return {};
}

Result<void> set_parameter(std::span<const Parameter> parameters, void* options, std::string_view who,
                           std::string_view key, const Value& value) {
    const Parameter* const parameter = find_parameter(parameters, key);
    if (parameter == nullptr) return Error{unknown_key(parameters, who, key)};
    const auto parsed = parsed_value(*parameter, value);
    if (!parsed) {
        const char* const note =
            parameter->kind == ParameterKind::duration ? " with its unit, as in \"250us\"" : "";
        return Error{fmt::format("{}: {} = {} is not possible; give {}{}", who, key, shown(value),
                                 range_of(*parameter), note)};
    }
    parameter->set(options, *parsed);
    return {};
}

}  // namespace portico::hardware
