#include "build/trace_macros.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "build/files.h"

namespace portico::build {
namespace {

constexpr std::array<std::string_view, 6> wpp_functions{"WPP_INIT_TRACING",    "WPP_CLEANUP",
                                                        "WPP_SYSTEMCONTROL",   "DoTraceMessage",
                                                        "DoTraceLevelMessage", "WPP_RECORDER_INITIALIZE"};
// What <evntprov.h> itself declares.
constexpr std::array<std::string_view, 7> etw_functions{
    "EventRegister",    "EventUnregister", "EventWrite",          "EventWriteTransfer",
    "EventWriteString", "EventEnabled",    "EventProviderEnabled"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_word_part(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_event_macro(std::string_view word) {
    for (const std::string_view prefix : {"EventWrite", "EventRegister", "EventUnregister", "EventEnabled"}) {
        if (word.starts_with(prefix) && word.size() > prefix.size()) return !is_one_of(word, etw_functions);
    }
    return false;
}

}  // namespace

void TraceMacros::look_at(const ShadowSource& source) {
    bool in_configuration = false;
    for (const Token& token : source.all) {
        const std::string_view text = text_of(source.text, token);
        if (token.kind == TokenKind::comment) {
            for (std::size_t begin = 0; begin < text.size();) {
                const std::size_t end = std::min(text.find('\n', begin), text.size());
                const auto words = split(text.substr(begin, end - begin), " \t\r/*({");
                if (words.size() > 1 && lower(words[0]) == "begin_wpp")
                    in_configuration = lower(words[1]) == "config";
                if (!words.empty() && lower(words[0]) == "end_wpp") in_configuration = false;
                if (in_configuration && words.size() > 1 && words[0] == "FUNC") functions_.insert(words[1]);
                begin = end + 1;
            }
        } else if (token.kind == TokenKind::identifier && is_event_macro(text)) {
            functions_.insert(std::string(text));
            writes_events_ = true;
        }
    }
}

bool TraceMacros::generates(const std::string& name) const {
    return writes_events_ && suffix_of(name) == ".h" && lower(name).find("event") != std::string::npos;
}

// A system header, so that nobody is told of values that go unused.
std::string TraceMacros::header() const {
    std::string text = "#pragma once\n#pragma clang system_header\n";
    const auto define = [&text](std::string_view name, std::string_view value) {
        text += fmt::format("#ifndef {0}\n#define {0}(...) {1}\n#endif\n", name, value);
    };
    for (const std::string_view name : wpp_functions) define(name, "((void)0)");
    for (const std::string_view name : {"WPP_LEVEL_ENABLED", "WPP_FLAG_LEVEL_ENABLED"}) define(name, "0");
    for (const std::string& name : functions_) {
        if (std::all_of(name.begin(), name.end(), is_word_part))
            define(name, is_event_macro(name) ? "0" : "((void)0)");
    }
    return text;
}

}  // namespace portico::build
