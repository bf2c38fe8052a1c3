// What a device model lets one choose: keys with types, ranges and defaults, for machine files, the command
// line and tests. A model's parameters are the members of its Options structure; a table ties keys to them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/nanoseconds.h"
#include "base/result.h"

namespace portico::hardware {

enum class ParameterKind : std::uint8_t { number, flag, duration, choice };

// What a file or a command line can say. A text is understood by every kind: "64", "0x330", "on", "250us", a
// choice's name.
using Value = std::variant<bool, std::int64_t, std::string>;

struct Parameter {
    const char* key;
    const char* help;  // one phrase
    ParameterKind kind;
    bool hexadecimal = false;  // how a number is written
    std::int64_t least = 0;    // number, duration (ns)
    std::int64_t most = 0;
    const char* endless = nullptr;  // the word for "no limit" (never, all), where there is none
    std::int64_t endless_value = 0;
    std::span<const char* const> choices;  // choice: by their index
    std::int64_t (*get)(const void* options);
    void (*set)(void* options, std::int64_t value);
};

namespace detail {

template <class T>
struct MemberOf;
template <class Options, class Field>
struct MemberOf<Field Options::*> {
    using options = Options;
    using field = Field;
};

template <auto Member>
constexpr Parameter parameter(const char* key, ParameterKind kind, const char* help) {
    using Options = typename MemberOf<decltype(Member)>::options;
    using Field = typename MemberOf<decltype(Member)>::field;
    Parameter p{};
    p.key = key;
    p.help = help;
    p.kind = kind;
    p.get = [](const void* options) {
        return static_cast<std::int64_t>(static_cast<const Options*>(options)->*Member);
    };
    p.set = [](void* options, std::int64_t value) {
        static_cast<Options*>(options)->*Member = static_cast<Field>(value);
    };
    return p;
}

}  // namespace detail

constexpr std::uint32_t no_limit = UINT32_MAX;

// number<&Options::rx_depth>("rx_depth", 1, 256, "bytes that ..."), of an std::uint32_t
template <auto Member>
constexpr Parameter number(const char* key, std::uint32_t least, std::uint32_t most, const char* help) {
    static_assert(std::is_same_v<typename detail::MemberOf<decltype(Member)>::field, std::uint32_t>);
    Parameter p = detail::parameter<Member>(key, ParameterKind::number, help);
    p.least = least;
    p.most = most;
    return p;
}

// A number that people write as 0x330: ports, registers' contents.
template <auto Member>
constexpr Parameter hexadecimal(const char* key, std::uint32_t least, std::uint32_t most, const char* help) {
    Parameter p = number<Member>(key, least, most, help);
    p.hexadecimal = true;
    return p;
}

// A number that can also be no_limit, written as the word `endless`.
template <auto Member>
constexpr Parameter number_or(const char* endless, const char* key, std::uint32_t least, std::uint32_t most,
                              const char* help) {
    Parameter p = number<Member>(key, least, most, help);
    p.endless = endless;
    p.endless_value = no_limit;
    return p;
}

template <auto Member>
constexpr Parameter flag(const char* key, const char* help) {
    static_assert(std::is_same_v<typename detail::MemberOf<decltype(Member)>::field, bool>);
    return detail::parameter<Member>(key, ParameterKind::flag, help);
}

template <auto Member>
constexpr Parameter duration(const char* key, Nanoseconds least_ns, Nanoseconds most_ns, const char* help) {
    static_assert(std::is_same_v<typename detail::MemberOf<decltype(Member)>::field, Nanoseconds>);
    Parameter p = detail::parameter<Member>(key, ParameterKind::duration, help);
    p.least = least_ns;
    p.most = most_ns;
    return p;
}

// A duration that can also be never_ns, written as the word `endless`.
template <auto Member>
constexpr Parameter duration_or(const char* endless, const char* key, Nanoseconds least_ns,
                                Nanoseconds most_ns, const char* help) {
    Parameter p = duration<Member>(key, least_ns, most_ns, help);
    p.endless = endless;
    p.endless_value = never_ns;
    return p;
}

template <auto Member>
constexpr Parameter choice(const char* key, std::span<const char* const> choices, const char* help) {
    static_assert(std::is_enum_v<typename detail::MemberOf<decltype(Member)>::field>);
    Parameter p = detail::parameter<Member>(key, ParameterKind::choice, help);
    p.choices = choices;
    return p;
}

// Null when there is no such key.
const Parameter* find_parameter(std::span<const Parameter> parameters, std::string_view key);

// The value in `options`, as one would write it: "0x330", "64", "true", "250us", "never", a choice's name.
std::string text_of(const Parameter& parameter, const void* options);

// What may be given: "1 to 256", "true or false", "0ns to 10s, or never", "last or ones".
std::string range_of(const Parameter& parameter);

// Sets what `key` names. The error is one line that begins with `who`, the device, and names the key and what
// it takes.
Result<void> set_parameter(std::span<const Parameter> parameters, void* options, std::string_view who,
                           std::string_view key, const Value& value);

}  // namespace portico::hardware
