// A driver that counts what runs, in unit tests: each Machine adds to the profile.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "portico/gtest.h"

namespace coverage_test {
namespace {

using namespace portico;
namespace fs = std::filesystem;

struct CountedCable : ::testing::Test {
    fs::path folder = fs::temp_directory_path() / ("portico-coverage-" + std::to_string(::getpid()));
    CountedCable() {
        fs::create_directory(folder);
        ::setenv("PORTICO_COVERAGE", (folder / "%n.profraw").c_str(), 1);
    }
    ~CountedCable() override {
        ::unsetenv("PORTICO_COVERAGE");
        fs::remove_all(folder);
    }

    static Machine made(const std::string& driver) {
        MachineConfig config;
        config.driver = driver;
        config.print_findings = false;
        return Machine::create(config).value();
    }
    std::vector<std::uint64_t> words(const char* name = "cable_counted.profraw") const {
        std::ifstream file(folder / name, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        std::vector<std::uint64_t> result(bytes.size() / 8);
        std::memcpy(result.data(), bytes.data(), result.size() * 8);
        return result;
    }
    // The counters' sum, behind the header's eleven words and six of each function.
    std::uint64_t sum() const {
        const auto all = words();
        if (all.size() < 11) return 0;
        std::uint64_t total = 0;
        for (std::uint64_t i = 0; i < all[5]; ++i) total += all.at(11 + all[3] * 6 + i);
        return total;
    }
};

TEST_F(CountedCable, EveryMachineAdds) {
    { Machine m = made(COUNTED_CABLE_IMAGE); }
    EXPECT_EQ(sum(), 0u) << "nothing of it ran";
    {
        Machine m = made(COUNTED_CABLE_IMAGE);
        ASSERT_OK(m.start());
    }
    const std::uint64_t once = sum();
    EXPECT_GT(once, 10u);
    {
        Machine m = made(COUNTED_CABLE_IMAGE);
        ASSERT_OK(m.start());
        ASSERT_OK(m.unload());
        EXPECT_THAT(m.findings(), ::testing::IsEmpty());
    }
    EXPECT_EQ(sum(), 2 * once);
}

#ifdef PORTICO_ASAN
TEST_F(CountedCable, CountsAlsoWhenAddressSanitizerEndsTheProgram) {
    EXPECT_DEATH(
        {
            Machine m = made(COUNTED_CABLE_IMAGE);
            ASSERT_OK(m.start());
            volatile auto* const byte = new char[1];
            byte[1] = 1;
        },
        "heap-buffer-overflow");
    EXPECT_GT(sum(), 10u);
}
#endif

TEST_F(CountedCable, ADriverThatDoesNotCountWritesNothing) {
    {
        Machine m = made(CABLE_IMAGE);
        ASSERT_OK(m.start());
    }
    EXPECT_TRUE(fs::is_empty(folder));
}

}  // namespace
}  // namespace coverage_test
