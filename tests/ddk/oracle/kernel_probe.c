// Compiled by mingw-w64 with its own headers: the values of kernel_facts.h as numbers in a named section,
// which the build takes out of the object file and kernel_layout_test.cpp compares with ours.
#define DBG 0
#include "../kernel_facts.h"

#define VALUE(value, expected) (unsigned long long)(value),
__attribute__((section("numbers"), used))
const unsigned long long portico_numbers[] = {KERNEL_SHARED_FACTS(VALUE)};
