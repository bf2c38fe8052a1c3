// The audio headers against those of mingw-w64, compiled by its own compiler (oracle/audio_probe.cpp).
// Differences that are meant have no number here: CX-002 (IPortMidi::RegisterServiceGroup returns NTSTATUS
// there), CX-003 (a second name for IID_IMiniport), CX-006 (AddDmaFromParent); and what mingw lacks: GV-002,
// the WaveRT structures, KSPROPERTY_PIN ids above 14.
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <portcls.h>
#include <dmusicks.h>

#include "mingw.h"
#include "slot_of.h"
#include "support/requires.h"

namespace oracle_test {
namespace {

// One section of the probe's object file, as an array of `count`; the object format rounds its length up.
template <class Element>
std::vector<Element> section(const std::string& name, std::size_t count) {
    std::ifstream file(PORTICO_BINARY_DIR "/oracle/audio_" + name + ".bin", std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<Element> elements(count);
    EXPECT_GE(bytes.size(), count * sizeof(Element)) << name;
    EXPECT_LT(bytes.size(), count * sizeof(Element) + 32) << name;
    if (bytes.size() >= count * sizeof(Element))
        std::memcpy(elements.data(), bytes.data(), count * sizeof(Element));
    return elements;
}

// Where mingw-w64's headers are those of an older Windows, or write an array of any length with one element.
const std::map<std::string, ULONGLONG> mingw_differs = {
    {"sizeof(SCATTER_GATHER_LIST)", 40},
    {"offsetof(KWAIT_BLOCK, WaitType)", 42},  // the order of Windows 7
    {"offsetof(KWAIT_BLOCK, BlockState)", 43},
    {"offsetof(KWAIT_BLOCK, WaitKey)", 40},
    {"offsetof(KWAIT_BLOCK, SpareLong)", 44},
    {"offsetof(KWAIT_BLOCK, Object)", 24},
    {"MaximumWaitReason", 40},
    {"DPFLTR_ENDOFTABLE_ID", 146},
};

TEST(Oracle, SizesOffsetsAndConstantsOfMingw) {
    const struct {
        const char* name;
        ULONGLONG value;
    } ours[] = {
#define N(value) {#value, static_cast<ULONGLONG>(value)},
#include "oracle/audio_list.h"
    };
    const auto theirs = section<ULONGLONG>("numbers", std::size(ours));
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        expect_as_mingw(mingw_differs, ours[i].name, ours[i].value, theirs[i]);
    }
}

TEST(Oracle, SlotsOfMingw) {
    struct MemberPointer {
        std::intptr_t offset_plus_one;
        std::intptr_t adjustment;
    };
    const struct {
        const char* name;
        int slot;
    } ours[] = {
#define S(Interface, Method) {#Interface "::" #Method, slot_of(&Interface::Method)},
#include "oracle/audio_list.h"
    };
    const auto theirs = section<MemberPointer>("slots", std::size(ours));
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        EXPECT_EQ(ours[i].slot, (theirs[i].offset_plus_one - 1) / 8) << ours[i].name;
    }
}

struct Named {
    const char* name;
    const GUID* guid;
};

template <std::size_t count>
void expect_same(const Named (&ours)[count], const std::vector<GUID>& theirs) {
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(std::memcmp(ours[i].guid, &theirs[i], sizeof(GUID)), 0) << ours[i].name;
    }
}

TEST(Oracle, InterfaceIdsOfMingw) {
    const Named ours[] = {
#define G(name) {#name, &name},
#include "oracle/audio_list.h"
    };
    expect_same(ours, section<GUID>("guids", std::size(ours)));
    REQUIRES("GV-001");
}

TEST(Oracle, KernelStreamingGuidsOfMingw) {
    const Named objects[] = {
#define K(name) {#name, &name},
#include "oracle/audio_list.h"
    };
    const auto theirs = section<GUID>("ksguids", std::size(objects));
    expect_same(objects, theirs);
    static const GUID initializers[] = {
#define K(name) {STATIC_##name},
#include "oracle/audio_list.h"
    };
    ASSERT_EQ(std::size(initializers), theirs.size());
    EXPECT_EQ(std::memcmp(initializers, theirs.data(), sizeof(initializers)), 0);
    REQUIRES("GV-001");
}

}  // namespace
}  // namespace oracle_test
