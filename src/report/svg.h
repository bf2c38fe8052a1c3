// Just enough SVG for the pictures of this room.
#pragma once

#include <string>
#include <string_view>

namespace portico::report {

// &, <, >, " as entities; other control characters as spaces. For SVG and HTML.
std::string escaped(std::string_view text);

class Svg {
  public:
    // `style`: the content of a style element.
    Svg(int width, int height, std::string_view style);

    // `classes` are those of the style. Coordinates in pixels.
    void rect(double x, double y, double width, double height, std::string_view classes, double corner = 0);
    void line(double x1, double y1, double x2, double y2, std::string_view classes);
    void arrow(double x1, double x2, double y, std::string_view classes);
    void dot(double x, double y, double radius, std::string_view classes);
    // `y` is the base line. anchor: "start", "middle", "end".
    void text(double x, double y, std::string_view text, std::string_view classes,
              std::string_view anchor = "start");
    // A tool tip for what is drawn until end_group().
    void begin_group(std::string_view title);
    void end_group();

    std::string finish();

  private:
    std::string out_;
};

}  // namespace portico::report
