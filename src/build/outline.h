// Where a source's classes and functions are, as far as it can be told without preprocessing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "build/shadow_pass.h"

namespace portico::build {

// All numbers are indexes of code tokens.
struct ClassOutline {
    std::uint32_t begin;  // of the declaration ("typedef struct ..." begins at typedef)
    std::uint32_t key;    // class or struct
    std::uint32_t name;   // no_partner: it has none
    std::uint32_t open;   // its '{'
    std::uint32_t close;
    bool is_template;
    bool nested;  // in another class
};

struct FunctionOutline {
    std::uint32_t name;        // its last part
    std::uint32_t parameters;  // '('
    std::uint32_t open;        // '{' of its body
    std::uint32_t close;
    std::string full_name;  // "CMiniport::Init"
};

struct DeclarationOutline {  // anything at namespace scope that ends with ';' and has no body
    std::uint32_t begin;
    std::uint32_t end;  // ';'
};

struct Outline {
    std::vector<ClassOutline> classes;
    std::vector<FunctionOutline> functions;  // by their bodies
    std::vector<DeclarationOutline> declarations;
    bool in_function(std::uint32_t index) const;
};

Outline outline_of(const ShadowSource& source);

// The text of tokens [begin, end) in one line.
std::string on_one_line(const ShadowSource& source, std::uint32_t begin, std::uint32_t end);

}  // namespace portico::build
