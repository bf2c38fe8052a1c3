#include "report/svg.h"

#include <fmt/format.h>

namespace portico::report {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
        }
    }
    return out;
}

Svg::Svg(int width, int height, std::string_view style) {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\">\n<style>{2}</style>\n",
        width, height, style);
}

void Svg::rect(double x, double y, double width, double height, std::string_view classes, double corner) {
    out_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.1f}\" class=\"{}\"/>\n",
        x, y, width, height, corner, classes);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view classes) {
    out_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1,
                        y1, x2, y2, classes);
}

void Svg::arrow(double x1, double x2, double y, std::string_view classes) {
    const double back = x2 > x1 ? -7 : 7;
    line(x1, y, x2 + back / 2, y, classes);
    out_ +=
        fmt::format("<path d=\"M{:.1f} {:.1f}l{:.1f} -4v8z\" class=\"{} head\"/>\n", x2, y, back, classes);
}

void Svg::dot(double x, double y, double radius, std::string_view classes) {
    out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"{}\"/>\n", x, y, radius,
                        classes);
}

void Svg::text(double x, double y, std::string_view text, std::string_view classes, std::string_view anchor) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y,
                        classes, anchor, escaped(text));
}

void Svg::begin_group(std::string_view title) {
    out_ += fmt::format("<g><title>{}</title>\n", escaped(title));
}
void Svg::end_group() {
    out_ += "</g>\n";
}

std::string Svg::finish() {
    return std::move(out_) + "</svg>\n";
}

}  // namespace portico::report
