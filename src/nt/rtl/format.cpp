#include "nt/rtl/format.h"

#include <algorithm>
#include <cstdio>

#include "nt/rtl/code_page.h"

namespace portico::nt::rtl {
namespace {

// What stands between '%' and the conversion.
struct Specification {
    bool left = false;
    bool plus = false;
    bool space = false;
    bool alternate = false;
    bool zero = false;
    int width = 0;
    int precision = -1;
    enum class Size { standard, byte, half, word, quad } size = Size::standard;
    bool wide = false;    // l or w: wide text
    bool narrow = false;  // h: narrow text
    char conversion = 0;
    bool ended = false;  // the text ended before the conversion
};

// Fields no one means: a format gone wrong must not keep the machine busy.
constexpr int field_max = 1 << 16;
constexpr int float_precision_max = 340;

template <class C>
class SpecificationReader {
  public:
    SpecificationReader(const C* at, Arguments& arguments) : at_(at), arguments_(arguments) {}

    Specification read() {
        read_flags();
        specification_.width = number();
        if (specification_.width < 0) {
            specification_.left = true;
            specification_.width = -specification_.width;
        }
        if (*at_ == '.') {
            ++at_;
            specification_.precision = std::max(number(), -1);
        }
        read_size();
        specification_.ended = *at_ == 0;
        if (specification_.ended) return specification_;
        const auto unit = static_cast<unsigned>(*at_++);
        specification_.conversion = unit < 0x80 ? static_cast<char>(unit) : 0;
        return specification_;
    }
    const C* end() const { return at_; }

  private:
    void read_flags() {
        for (;; ++at_) {
            if (*at_ == '-')
                specification_.left = true;
            else if (*at_ == '+')
                specification_.plus = true;
            else if (*at_ == ' ')
                specification_.space = true;
            else if (*at_ == '#')
                specification_.alternate = true;
            else if (*at_ == '0')
                specification_.zero = true;
            else
                return;
        }
    }

    int number() {
        if (*at_ == '*') {
            ++at_;
            return std::clamp(__builtin_va_arg(arguments_, int), -field_max, field_max);
        }
        int value = 0;
        for (; *at_ >= '0' && *at_ <= '9'; ++at_) value = std::min(value * 10 + (*at_ - '0'), field_max);
        return value;
    }

    bool skip(const char* text) {
        const C* at = at_;
        for (; *text != 0; ++text, ++at) {
            if (*at != static_cast<C>(*text)) return false;
        }
        at_ = at;
        return true;
    }

    void read_size() {
        using Size = Specification::Size;
        if (skip("I64") || skip("ll") || skip("j") || skip("z") || skip("t"))
            specification_.size = Size::quad;
        else if (skip("I32"))
            specification_.size = Size::word;
        else if (skip("I"))
            specification_.size = Size::quad;
        else if (skip("hh"))
            specification_.size = Size::byte;
        else if (skip("h")) {
            specification_.size = Size::half;
            specification_.narrow = true;
        } else if (skip("l") || skip("w")) {
            specification_.size = Size::word;
            specification_.wide = true;
        } else {
            skip("L");
        }
    }

    const C* at_;
    Arguments& arguments_;
    Specification specification_;
};

template <class C>
class Formatter {
  public:
    Formatter(FormatBuffer<C>& out, const C* text, Arguments arguments, WideAs wide_as)
        : out_(out), text_(text), wide_as_(wide_as) {
        __builtin_ms_va_copy(arguments_, arguments);
    }
    ~Formatter() { __builtin_ms_va_end(arguments_); }

    void run() {
        while (*text_ != 0) {
            const C c = *text_++;
            if (c != '%') {
                out_.put(c);
                continue;
            }
            SpecificationReader<C> reader(text_, arguments_);
            specification_ = reader.read();
            text_ = reader.end();
            if (!specification_.ended) convert();
        }
    }

  private:
    static constexpr bool wide_out = sizeof(C) == 2;

    void convert() {
        switch (specification_.conversion) {
            case 'd':
            case 'i':
                put_signed();
                break;
            case 'u':
                put_integer("", unsigned_argument(), 10, false);
                break;
            case 'o':
                put_integer("", unsigned_argument(), 8, false);
                break;
            case 'x':
                put_hex(false);
                break;
            case 'X':
                put_hex(true);
                break;
            case 'p':
                put_pointer();
                break;
            case 'c':
            case 'C':
                put_character();
                break;
            case 's':
            case 'S':
                put_string();
                break;
            case 'Z':
                put_counted_string();
                break;
            case 'e':
            case 'E':
            case 'f':
            case 'F':
            case 'g':
            case 'G':
            case 'a':
            case 'A':
                put_float();
                break;
            // Writing through %n is switched off on Windows; its argument is taken all the same.
            case 'n':
                (void)__builtin_va_arg(arguments_, void*);
                break;
            case '%':
                out_.put('%');
                break;
            // An unknown conversion is printed as it is, without its '%'.
            default:
                out_.put(text_[-1]);
                break;
        }
    }

    // 'S' and 'C' mean the width of character that the function does not have.
    bool wide_argument() const {
        if (specification_.wide) return true;
        if (specification_.narrow) return false;
        const bool other = specification_.conversion == 'S' || specification_.conversion == 'C';
        return specification_.conversion == 'Z' ? false : wide_out != other;
    }

    LONGLONG signed_argument() {
        switch (specification_.size) {
            case Specification::Size::quad:
                return __builtin_va_arg(arguments_, LONGLONG);
            case Specification::Size::byte:
                return static_cast<signed char>(__builtin_va_arg(arguments_, int));
            case Specification::Size::half:
                return static_cast<SHORT>(__builtin_va_arg(arguments_, int));
            default:
                return __builtin_va_arg(arguments_, int);
        }
    }
    ULONGLONG unsigned_argument() {
        switch (specification_.size) {
            case Specification::Size::quad:
                return __builtin_va_arg(arguments_, ULONGLONG);
            case Specification::Size::byte:
                return static_cast<unsigned char>(__builtin_va_arg(arguments_, unsigned));
            case Specification::Size::half:
                return static_cast<USHORT>(__builtin_va_arg(arguments_, unsigned));
            default:
                return __builtin_va_arg(arguments_, unsigned);
        }
    }

    void put_signed() {
        const LONGLONG value = signed_argument();
        const char* sign = value < 0 ? "-" : specification_.plus ? "+" : specification_.space ? " " : "";
        put_integer(sign, value < 0 ? 0 - static_cast<ULONGLONG>(value) : static_cast<ULONGLONG>(value), 10,
                    false);
    }
    void put_hex(bool upper) {
        const ULONGLONG value = unsigned_argument();
        const char* prefix = !specification_.alternate || value == 0 ? "" : upper ? "0X" : "0x";
        put_integer(prefix, value, 16, upper);
    }
    void put_pointer() {
        specification_.precision = 16;
        const auto value = reinterpret_cast<ULONGLONG>(__builtin_va_arg(arguments_, void*));
        put_integer(specification_.alternate ? "0X" : "", value, 16, true);
    }

    void put_integer(const char* prefix, ULONGLONG value, unsigned base, bool upper) {
        char digits[24];
        char* const end = digits + sizeof digits;
        char* begin = end;
        const char* const figures = upper ? "0123456789ABCDEF" : "0123456789abcdef";
        for (; value != 0; value /= base) *--begin = figures[value % base];
        if (begin == end && specification_.precision != 0) *--begin = '0';
        // '#' gives an octal number a leading zero that it does not have yet.
        const bool leading_zero =
            base == 8 && specification_.alternate && specification_.precision <= end - begin;
        if (leading_zero && (begin == end || *begin != '0')) *--begin = '0';
        put_number(prefix, begin, static_cast<int>(end - begin), specification_.precision < 0);
    }

    // Sign or base, zeroes up to the precision (or the width, under flag 0), digits.
    void put_number(const char* prefix, const char* digits, int count, bool zero_fills_width) {
        int prefix_length = 0;
        while (prefix[prefix_length] != 0) ++prefix_length;
        int zeroes = zero_fills_width ? 0 : std::max(specification_.precision - count, 0);
        if (specification_.zero && !specification_.left && zero_fills_width) {
            zeroes = std::max(specification_.width - prefix_length - count, 0);
        }
        const int length = prefix_length + zeroes + count;
        pad(length, false);
        for (int i = 0; i < prefix_length; ++i) out_.put(static_cast<C>(prefix[i]));
        for (int i = 0; i < zeroes; ++i) out_.put('0');
        for (int i = 0; i < count; ++i) out_.put(static_cast<C>(digits[i]));
        pad(length, true);
    }

    // Blanks before or after a field of `length` characters.
    void pad(int length, bool after) {
        if (specification_.left != after) return;
        const C blank = specification_.zero && !after && !is_number() ? '0' : ' ';
        for (int i = length; i < specification_.width; ++i) out_.put(blank);
    }
    bool is_number() const {
        const char c = specification_.conversion;
        return c != 's' && c != 'S' && c != 'c' && c != 'C' && c != 'Z';
    }

    void put_float() {
        const char c = specification_.conversion;
        const char plain[] = {'%', '.', '*', c, 0};
        const char alternate[] = {'%', '#', '.', '*', c, 0};
        const double value = __builtin_va_arg(arguments_, double);
        const bool hexadecimal = c == 'a' || c == 'A';
        const int standard = hexadecimal ? 13 : 6;
        const int precision =
            specification_.precision < 0 ? standard : std::min(specification_.precision, float_precision_max);
        char text[700];  // 309 digits, a point, the precision
        const bool negative = __builtin_signbit(value) != 0;
        const int length = std::snprintf(text, sizeof text, specification_.alternate ? alternate : plain,
                                         precision, negative ? -value : value);
        if (!__builtin_isfinite(value)) specification_.zero = false;
        put_number(negative               ? "-"
                   : specification_.plus  ? "+"
                   : specification_.space ? " "
                                          : "",
                   text, length, true);
    }

    void put_character() {
        if (wide_argument()) {
            const auto unit = static_cast<WCHAR>(__builtin_va_arg(arguments_, int));
            put_text(&unit, 1);
        } else {
            const auto byte = static_cast<char>(__builtin_va_arg(arguments_, int));
            put_text(&byte, 1);
        }
    }

    void put_string() {
        if (wide_argument())
            put_terminated(__builtin_va_arg(arguments_, const WCHAR*));
        else
            put_terminated(__builtin_va_arg(arguments_, const char*));
    }

    template <class From>
    void put_terminated(const From* text) {
        if (text == nullptr) return put_null();
        const int most = specification_.precision < 0 ? 0x7FFFFFFF : specification_.precision;
        int length = 0;
        while (length < most && text[length] != 0) ++length;
        put_text(text, length);
    }
    void put_null() {
        const char null[] = "(null)";
        put_text(null, limited(6));
    }
    int limited(int length) const {
        return specification_.precision < 0 ? length : std::min(length, specification_.precision);
    }

    void put_counted_string() {
        const auto* const string = __builtin_va_arg(arguments_, const UNICODE_STRING*);
        if (string == nullptr || string->Buffer == nullptr) return put_null();
        if (wide_argument())
            put_text(string->Buffer, limited(string->Length / 2));
        else
            put_text(reinterpret_cast<const char*>(string->Buffer), limited(string->Length));
    }

    template <class From>
    void put_text(const From* text, int length) {
        int written = 0;
        each_character(text, length, [&](C) { ++written; });
        pad(written, false);
        each_character(text, length, [&](C c) { out_.put(c); });
        pad(written, true);
    }

    template <class From, class Put>
    void each_character(const From* text, int length, Put put) {
        for (int i = 0; i < length; ++i) {
            if constexpr (sizeof(From) == sizeof(C)) {
                put(static_cast<C>(text[i]));
            } else if constexpr (wide_out) {
                put(from_ansi(static_cast<char>(text[i])));
            } else if (wide_as_ == WideAs::ansi) {
                put(to_ansi(static_cast<WCHAR>(text[i])));
            } else {
                char bytes[4];
                const unsigned count = put_utf8(scalar_at(text, length, i), bytes);
                for (unsigned b = 0; b < count; ++b) put(static_cast<C>(bytes[b]));
            }
        }
    }

    // A surrogate pair is one character and moves `i` to its second half; half a pair becomes U+FFFD.
    template <class From>
    static char32_t scalar_at(const From* text, int length, int& i) {
        const char32_t unit = static_cast<WCHAR>(text[i]);
        if (unit < 0xD800 || unit > 0xDFFF) return unit;
        const char32_t next = i + 1 < length ? static_cast<WCHAR>(text[i + 1]) : 0;
        if (unit > 0xDBFF || next < 0xDC00 || next > 0xDFFF) return 0xFFFD;
        ++i;
        return 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00);
    }

    FormatBuffer<C>& out_;
    const C* text_;
    Arguments arguments_;
    WideAs wide_as_;
    Specification specification_;
};

}  // namespace

void format(FormatBuffer<char>& out, const char* text, Arguments arguments, WideAs wide_as) {
    Formatter<char>(out, text, arguments, wide_as).run();
}

void format(FormatBuffer<WCHAR>& out, const WCHAR* text, Arguments arguments) {
    Formatter<WCHAR>(out, text, arguments, WideAs::ansi).run();
}

bool formats_unicode(const char* text) {
    const auto in = [](char c, const char* set) {
        while (*set != 0 && *set != c) ++set;
        return *set != 0;
    };
    while (*text != 0) {
        if (*text++ != '%') continue;
        while (*text != 0 && in(*text, "-+ #0123456789.*")) ++text;
        if (*text == 'C' || *text == 'S') return true;
        if ((*text == 'l' || *text == 'w') &&
            (text[1] == 'c' || text[1] == 's' || text[1] == 'S' || text[1] == 'C'))
            return true;
        if (*text == 'w' && text[1] == 'Z') return true;
        if (*text != 0) ++text;
    }
    return false;
}

}  // namespace portico::nt::rtl
