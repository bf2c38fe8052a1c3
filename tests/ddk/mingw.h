// What the headers of mingw-w64 say, beside ours.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

// A number that is the same there, or one of `differs`, which has theirs.
template <class Number>
void expect_as_mingw(const std::map<std::string, Number>& differs, const char* name, Number ours,
                     Number theirs) {
    const auto known = differs.find(name);
    if (known == differs.end()) {
        EXPECT_EQ(ours, theirs) << name;
    } else {
        EXPECT_EQ(known->second, theirs) << name << ": the exception has gone";
        EXPECT_NE(ours, theirs) << name;
    }
}
