// Registration files (.reg): "Windows Registry Editor Version 5.00" and its predecessor REGEDIT4.
#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "nt/cm/cm.h"
#include "nt/cm/text.h"

namespace portico::nt::cm {
namespace {

using Text = std::u16string;
using View = std::u16string_view;

bool starts_with(View text, View prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

View trim(View text) {
    while (!text.empty() && (text.front() == u' ' || text.front() == u'\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == u' ' || text.back() == u'\t' || text.back() == u'\r'))
        text.remove_suffix(1);
    return text;
}

bool equal_ignoring_case(View a, View b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (ob::upcase(a[i]) != ob::upcase(b[i])) return false;
    }
    return true;
}

// UTF-16 of either byte order by its mark, else UTF-8 with or without one.
Text decode(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const bool little = bytes.size() >= 2 && at(0) == 0xFF && at(1) == 0xFE;
    const bool big = bytes.size() >= 2 && at(0) == 0xFE && at(1) == 0xFF;
    if (!little && !big)
        return to_utf16(starts_with(to_utf16(bytes.substr(0, 3)), u"\uFEFF") ? bytes.substr(3) : bytes);
    Text result;
    for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
        result.push_back(static_cast<char16_t>(little ? at(i) | at(i + 1) << 8 : at(i) << 8 | at(i + 1)));
    }
    return result;
}

struct Root {
    View name;
    View path;
};

constexpr Root roots[] = {
    {u"HKEY_LOCAL_MACHINE", u"\\Registry\\Machine"},
    {u"HKLM", u"\\Registry\\Machine"},
    {u"HKEY_USERS", u"\\Registry\\User"},
    {u"HKU", u"\\Registry\\User"},
    {u"HKEY_CURRENT_USER", u"\\Registry\\User\\.Default"},
    {u"HKCU", u"\\Registry\\User\\.Default"},
    {u"HKEY_CLASSES_ROOT", u"\\Registry\\Machine\\Software\\Classes"},
    {u"HKCR", u"\\Registry\\Machine\\Software\\Classes"},
    {u"HKEY_CURRENT_CONFIG", u"\\Registry\\Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current"},
};

UNICODE_STRING unicode(const Text& text) {
    return as_unicode(text);
}

class Reader {
  public:
    Reader(Text text, std::string_view file) : text_(std::move(text)), file_(file) {}

    Result<void> read() {
        if (!next_line())
            return error("is empty; it must begin with \"Windows Registry Editor Version 5.00\"");
        const View header = trim(line_);
        ansi_ = header == u"REGEDIT4";
        if (!ansi_ && header != u"Windows Registry Editor Version 5.00") {
            return error(
                "is not a registration file: the first line must be \"Windows Registry Editor Version "
                "5.00\"");
        }
        while (next_line()) {
            const View line = trim(line_);
            if (line.empty() || line.front() == u';') continue;
            if (line.front() == u'[') {
                PORTICO_TRY_VOID(read_key(line));
            } else {
                PORTICO_TRY_VOID(read_value(line));
            }
        }
        return {};
    }

  private:
    Error error(std::string_view what) const { return {fmt::format("{}:{}: {}", file_, line_number_, what)}; }

    // The next logical line: what ends in a backslash goes on in the next one. False: the end.
    bool next_line() {
        if (at_ >= text_.size()) return false;
        line_.clear();
        line_number_ = lines_read_ + 1;
        while (at_ < text_.size()) {
            std::size_t end = text_.find(u'\n', at_);
            if (end == Text::npos) end = text_.size();
            View physical = trim(View(text_).substr(at_, end - at_));
            at_ = end + 1;
            ++lines_read_;
            // Only lists of hexadecimal digits are cut; a quoted string may end in a backslash of its own.
            const bool goes_on = !physical.empty() && physical.back() == u'\\' && in_hex_list(physical);
            if (goes_on) physical.remove_suffix(1);
            line_.append(physical);
            if (!goes_on) break;
        }
        return true;
    }
    bool in_hex_list(View physical) const {
        return !line_.empty() || physical.find(u"=hex") != View::npos ||
               physical.find(u"= hex") != View::npos;
    }

    Result<void> read_key(View line) {
        if (line.back() != u']') return error("the key's closing ] is missing");
        line = line.substr(1, line.size() - 2);
        const bool removes = !line.empty() && line.front() == u'-';
        if (removes) line.remove_prefix(1);
        key_.clear();
        const std::size_t name_end = std::min(line.find(u'\\'), line.size());
        for (const Root& root : roots) {
            if (equal_ignoring_case(line.substr(0, name_end), root.name))
                key_ = Text(root.path) + Text(line.substr(name_end));
        }
        if (key_.empty())
            return error("the key must begin with HKEY_LOCAL_MACHINE, HKEY_USERS, ... or a short form of it");
        if (key_.size() > UNICODE_STRING_MAX_CHARS)
            return error("the key's path is longer than 32767 characters");
        if (removes) {
            const NTSTATUS status = delete_tree(unicode(key_));
            key_.clear();
            if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_NOT_FOUND)
                return error("the key cannot be deleted");
            return {};
        }
        if (!NT_SUCCESS(create_path(unicode(key_))))
            return error("the key cannot be made: a name has over 255 characters");
        return {};
    }

    // A quoted string from the front of `rest`, with \\ and \" resolved.
    Result<Text> quoted(View& rest) {
        Text result;
        std::size_t i = 1;
        for (; i < rest.size() && rest[i] != u'"'; ++i) {
            if (rest[i] == u'\\' && i + 1 < rest.size()) ++i;
            result.push_back(rest[i]);
        }
        if (i >= rest.size()) return error("the closing \" is missing");
        rest = rest.substr(i + 1);
        return result;
    }

    Result<void> read_value(View line) {
        if (key_.empty()) return error("a value stands before any key, or below a deleted one");
        Text name;
        if (line.front() == u'"') {
            name = PORTICO_TRY(quoted(line));
        } else if (line.front() == u'@') {
            line.remove_prefix(1);
        } else {
            return error("expected [key], \"name\"=data or @=data");
        }
        line = trim(line);
        if (line.empty() || line.front() != u'=') return error("expected = after the value's name");
        return read_data(name, trim(line.substr(1)));
    }

    Result<void> read_data(const Text& name, View data) {
        if (data == u"-") {
            delete_value(unicode(key_), unicode(name));
            return {};
        }
        if (!data.empty() && data.front() == u'"') {
            Text text = PORTICO_TRY(quoted(data));
            if (!trim(data).empty() && trim(data).front() != u';')
                return error("text follows the value's closing \"");
            return store(name, REG_SZ, text.c_str(), (text.size() + 1) * sizeof(WCHAR));
        }
        if (starts_with(data, u"dword:")) return read_dword(name, data.substr(6));
        if (starts_with(data, u"hex")) return read_hex(name, data.substr(3));
        return error("the value's data must be \"text\", dword:, hex:, hex(type): or -");
    }

    static int digit(char16_t c) {
        if (c >= u'0' && c <= u'9') return c - u'0';
        if (c >= u'a' && c <= u'f') return c - u'a' + 10;
        if (c >= u'A' && c <= u'F') return c - u'A' + 10;
        return -1;
    }

    // Digits up to the first other character. False: none, or more than fit.
    static bool read_number(View& text, unsigned digits_max, ULONG& number) {
        unsigned digits = 0;
        number = 0;
        for (; !text.empty() && digit(text.front()) >= 0; text.remove_prefix(1)) {
            if (++digits > digits_max) return false;
            number = number << 4 | static_cast<ULONG>(digit(text.front()));
        }
        return digits != 0;
    }

    static bool only_comment(View text) { return trim(text).empty() || trim(text).front() == u';'; }

    Result<void> read_dword(const Text& name, View digits) {
        ULONG number = 0;
        digits = trim(digits);
        if (!read_number(digits, 8, number) || !only_comment(digits)) {
            return error("dword: needs one to eight hexadecimal digits");
        }
        return store(name, REG_DWORD, &number, sizeof number);
    }

    Result<void> read_hex(const Text& name, View text) {
        ULONG type = REG_BINARY;
        if (!text.empty() && text.front() == u'(') {
            text.remove_prefix(1);
            if (!read_number(text, 8, type) || text.empty() || text.front() != u')') {
                return error("hex(type): needs the type as a hexadecimal number");
            }
            text.remove_prefix(1);
        }
        if (text.empty() || text.front() != u':') return error("expected : after hex");
        std::vector<unsigned char> bytes;
        text = trim(text.substr(1));
        while (!only_comment(text)) {
            ULONG byte = 0;
            if (!read_number(text, 2, byte))
                return error("hex: needs bytes of two hexadecimal digits, separated by commas");
            bytes.push_back(static_cast<unsigned char>(byte));
            text = trim(text);
            if (only_comment(text)) break;
            if (text.front() != u',') return error("hex: needs a comma between bytes");
            text = trim(text.substr(1));
        }
        const bool is_text = type == REG_EXPAND_SZ || type == REG_MULTI_SZ || type == REG_SZ;
        if (ansi_ && is_text) widen(bytes);
        return store(name, type, bytes.data(), bytes.size());
    }

    // REGEDIT4 keeps text one byte a character.
    static void widen(std::vector<unsigned char>& bytes) {
        std::vector<unsigned char> wide;
        for (const unsigned char byte : bytes) {
            wide.push_back(byte);
            wide.push_back(0);
        }
        bytes = std::move(wide);
    }

    Result<void> store(const Text& name, ULONG type, const void* data, std::size_t size) {
        if (!NT_SUCCESS(set_value(unicode(key_), unicode(name), type, data, static_cast<ULONG>(size)))) {
            return error("the registry has no room for the value");
        }
        return {};
    }

    Text text_;
    std::string_view file_;
    std::size_t at_ = 0;
    Text line_;
    unsigned line_number_ = 1;  // of the logical line's first
    unsigned lines_read_ = 0;
    Text key_;
    bool ansi_ = false;
};

}  // namespace

Result<void> load_reg(std::string_view text, std::string_view file) {
    return Reader(decode(text), file).read();
}

}  // namespace portico::nt::cm
