// Assertions about Portico itself. They stay on in every build: a wrong simulator is worse than a dead one.
#pragma once

namespace portico {
[[noreturn]] void check_failed(const char* file, int line, const char* expression);
}

#define PORTICO_CHECK(EXPRESSION) \
    (__builtin_expect(!!(EXPRESSION), 1) ? (void)0 : ::portico::check_failed(__FILE__, __LINE__, #EXPRESSION))
