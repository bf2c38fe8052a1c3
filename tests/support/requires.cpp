#include "support/requires.h"

#include <gtest/gtest.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace portico::test {
namespace {

std::set<std::string>& proved() {
    static std::set<std::string> ids;
    return ids;
}

class RequirementWriter : public ::testing::EmptyTestEventListener {
    void OnTestStart(const ::testing::TestInfo&) override { proved().clear(); }
    void OnTestEnd(const ::testing::TestInfo& test) override {
        const char* folder = std::getenv("PORTICO_REQUIREMENTS_DIR");
        if (folder == nullptr || proved().empty()) return;
        const auto name = std::string(test.test_suite_name()) + "." + test.name();
        auto file = name;
        for (auto& c : file) {
            if (c == '/') c = '_';
        }
        std::filesystem::create_directories(folder);
        const auto path = std::filesystem::path(folder) / (file + ".txt");
        if (!test.result()->Passed() || test.result()->Skipped()) {
            std::filesystem::remove(path);
            return;
        }
        std::ofstream out(path);
        for (const auto& id : proved()) out << id << '\t' << name << '\n';
    }
};

}  // namespace

void requirement(const char* id) {
    proved().insert(id);
}

}  // namespace portico::test

int main(int argc, char** argv) {
    ::testing::InitGoogleMock(&argc, argv);
    ::testing::UnitTest::GetInstance()->listeners().Append(new portico::test::RequirementWriter);
    return RUN_ALL_TESTS();
}
