// The cable: what is written comes out, in order, at every end that runs.
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_portcls.h"
#include "support/requires.h"

namespace portico::drivers_test {
namespace {

using ::testing::ElementsAre;

class Cable : public FakePortCls {
  protected:
    void SetUp() override {
        load("cable");
        ASSERT_EQ(start_device(), STATUS_SUCCESS);
    }
    void TearDown() override {
        remove();
        EXPECT_EQ(port.references, 1u) << "the registration's";
        EXPECT_EQ(group.references, 0u);
    }

    IMiniportMidi* miniport_of_cable() { return static_cast<IMiniportMidi*>(port.miniport); }

    PMINIPORTMIDISTREAM open(bool capture) {
        PMINIPORTMIDISTREAM stream = nullptr;
        PSERVICEGROUP stream_group = nullptr;
        const NTSTATUS status = miniport_of_cable()->NewStream(
            &stream, nullptr, NonPagedPool, capture ? 2 : 0, capture, nullptr, &stream_group);
        if (!NT_SUCCESS(status)) return nullptr;
        EXPECT_EQ(stream_group, &group);
        stream_group->Release();
        return stream;
    }
    PMINIPORTMIDISTREAM run(bool capture) {
        const PMINIPORTMIDISTREAM stream = open(capture);
        for (const KSSTATE next : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
            EXPECT_EQ(stream->SetState(next), STATUS_SUCCESS);
        }
        return stream;
    }
    static ULONG write(PMINIPORTMIDISTREAM stream, std::vector<UCHAR> bytes) {
        ULONG written = ~0u;
        EXPECT_EQ(stream->Write(bytes.data(), static_cast<ULONG>(bytes.size()), &written), STATUS_SUCCESS);
        return written;
    }
    static std::vector<UCHAR> read(PMINIPORTMIDISTREAM stream, ULONG most = 4096) {
        std::vector<UCHAR> bytes(most);
        ULONG count = ~0u;
        EXPECT_EQ(stream->Read(bytes.data(), most, &count), STATUS_SUCCESS);
        bytes.resize(count);
        return bytes;
    }
};

TEST_F(Cable, IsOneSubdeviceWithAServiceGroup) {
    EXPECT_TRUE(port_class == CLSID_PortMidi);
    EXPECT_THAT(subdevices, ElementsAre(u"Cable"));
    EXPECT_EQ(port.group, &group);
    EXPECT_THAT(port.registered, ElementsAre(&group));
    EXPECT_EQ(group.references, 2u);
    EXPECT_EQ(port.references, 2u) << "the registration's and the miniport's";
    REQUIRES("PM-033");
    REQUIRES("MM-016");
}

TEST_F(Cable, DescribesItsPins) {
    PPCFILTER_DESCRIPTOR filter = nullptr;
    ASSERT_EQ(miniport_of_cable()->GetDescription(&filter), STATUS_SUCCESS);
    ASSERT_EQ(filter->PinCount, 4u);
    EXPECT_EQ(filter->Pins[0].MaxGlobalInstanceCount, 1u);
    EXPECT_EQ(filter->Pins[0].KsPinDescriptor.DataFlow, KSPIN_DATAFLOW_IN);
    EXPECT_EQ(filter->Pins[1].MaxGlobalInstanceCount, 0u);
    EXPECT_EQ(filter->Pins[2].MaxGlobalInstanceCount, 4u);
    EXPECT_EQ(filter->Pins[2].KsPinDescriptor.DataFlow, KSPIN_DATAFLOW_OUT);
    EXPECT_EQ(filter->Pins[3].MaxGlobalInstanceCount, 0u);
    EXPECT_EQ(filter->CategoryCount, 3u);
    EXPECT_TRUE(filter->Categories[0] == KSCATEGORY_AUDIO);
    EXPECT_TRUE(filter->Categories[1] == KSCATEGORY_RENDER);
    EXPECT_TRUE(filter->Categories[2] == KSCATEGORY_CAPTURE);
    REQUIRES("FD-007");
}

TEST_F(Cable, LoopsRenderToCapture) {
    const auto render = run(false);
    const auto capture = run(true);
    EXPECT_EQ(write(render, {0x90, 60, 100}), 3u);
    EXPECT_THAT(port.notified, ElementsAre(&group));
    EXPECT_EQ(write(render, {0x80, 60, 0}), 3u);
    EXPECT_THAT(read(capture, 4), ElementsAre(0x90, 60, 100, 0x80));
    EXPECT_THAT(read(capture), ElementsAre(60, 0));
    EXPECT_TRUE(read(capture).empty());
    REQUIRES("MS-034");
    render->Release();
    capture->Release();
}

TEST_F(Cable, EveryRunningEndGetsEverything) {
    const auto render = run(false);
    const auto first = run(true);
    const auto second = run(true);
    const auto waiting = open(true);
    EXPECT_EQ(write(render, {0xF8}), 1u);
    EXPECT_THAT(read(first), ElementsAre(0xF8));
    EXPECT_THAT(read(second), ElementsAre(0xF8));
    EXPECT_TRUE(read(waiting).empty());
    for (const auto stream : {render, first, second, waiting}) stream->Release();
}

TEST_F(Cable, ALooseEndTakesEverything) {
    const auto render = run(false);
    EXPECT_EQ(write(render, std::vector<UCHAR>(5000, 0x10)), 5000u);
    EXPECT_TRUE(port.notified.empty());
    render->Release();
}

TEST_F(Cable, AFullCableTakesGroupsOfFourThenNothing) {
    const auto render = run(false);
    const auto capture = run(true);
    EXPECT_EQ(write(render, std::vector<UCHAR>(1018, 1)), 1018u);
    EXPECT_EQ(write(render, {1, 2, 3, 4, 5, 6, 7}), 4u) << "6 are free";
    EXPECT_EQ(write(render, {5, 6, 7}), 0u) << "2 are free";
    EXPECT_EQ(write(render, {5, 6}), 2u) << "what fits whole is taken";
    EXPECT_EQ(write(render, {7}), 0u);
    REQUIRES("MS-041");

    port.notified.clear();
    EXPECT_EQ(read(capture, 1024).size(), 1024u);
    EXPECT_THAT(port.notified, ElementsAre(&group)) << "the waiting writer is told";
    EXPECT_EQ(write(render, {7}), 1u);
    port.notified.clear();
    EXPECT_THAT(read(capture), ElementsAre(7));
    EXPECT_TRUE(port.notified.empty()) << "and nobody else";
    REQUIRES("PM-051");
    render->Release();
    capture->Release();
}

TEST_F(Cable, KeepsOrderAroundTheEndOfItsBuffer) {
    const auto render = run(false);
    const auto capture = run(true);
    std::vector<UCHAR> sent(5000);
    std::iota(sent.begin(), sent.end(), 0);
    std::vector<UCHAR> got;
    for (std::size_t at = 0; at < sent.size();) {
        at += write(render, {sent.begin() + at, sent.begin() + std::min(at + 300, sent.size())});
        const auto piece = read(capture, 177);
        got.insert(got.end(), piece.begin(), piece.end());
    }
    for (auto piece = read(capture); !piece.empty(); piece = read(capture)) {
        got.insert(got.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(got, sent);
    render->Release();
    capture->Release();
}

TEST_F(Cable, StopEmptiesAnEnd) {
    const auto render = run(false);
    const auto capture = run(true);
    write(render, {0x90, 60, 100});
    for (const KSSTATE next : {KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP}) capture->SetState(next);
    EXPECT_TRUE(read(capture).empty());
    REQUIRES("MS-025");
    render->Release();
    capture->Release();
}

TEST_F(Cable, HasLimitsAndDirections) {
    const auto render = open(false);
    EXPECT_EQ(open(false), nullptr);
    std::vector<PMINIPORTMIDISTREAM> captures;
    for (int i = 0; i < 4; ++i) captures.push_back(open(true));
    EXPECT_EQ(open(true), nullptr);
    REQUIRES("MM-039");
    REQUIRES("MM-037");
    UCHAR byte = 0;
    ULONG count = 9;
    EXPECT_EQ(render->Read(&byte, 1, &count), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(captures[0]->Write(&byte, 1, &count), STATUS_INVALID_DEVICE_REQUEST);
    REQUIRES("MS-035");
    REQUIRES("MS-046");
    for (const auto stream : captures) stream->Release();
    EXPECT_EQ(render->Release(), 0u);
    const auto again = open(false);
    ASSERT_NE(again, nullptr);
    again->Release();
}

}  // namespace
}  // namespace portico::drivers_test
