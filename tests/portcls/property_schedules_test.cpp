// Property requests that a miniport ends later, while clients cancel and close and the device goes, under
// schedules that a seed chooses.
#include <gmock/gmock.h>

#include <deque>

#include "portcls/property_request.h"
#include "property_test.h"
#include "sim/exploring.h"
#include "sim/random.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Ask;
using test::Bytes;
using test::Contracts;
using ::testing::IsEmpty;

constexpr GUID own_set{0x1234, 5, 6, {7}};

struct PropertySchedules : test::PropertyTest, ::testing::WithParamInterface<std::uint64_t> {
    PropertySchedules() : policy(GetParam()), random(GetParam()) {
        self = this;
        nt::probes.irp = [](nt::IrpFault fault, PIRP) { self->faults.push_back(fault); };
        nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) {
            ++self->damaged;
        };
        table.PropertyItemSize = sizeof item;
        table.PropertyCount = 1;
        table.Properties = &item;
        miniport.filter.AutomationTable = &table;
    }
    ~PropertySchedules() override {
        sim::scheduler.policy = nullptr;
        nt::probes.irp = nullptr;
        nt::probes.pool_misuse = nullptr;
        self = nullptr;
    }
    static NTSTATUS NTAPI keep(PPCPROPERTY_REQUEST request) {
        nt::ke::stall(self->random.below(1'000));
        self->kept.push_back(request);
        nt::ke::stall(self->random.below(1'000));  // it may end before its handler returns
        return STATUS_PENDING;
    }
    // Ends what handlers keep, as a DPC would.
    void complete_all() {
        while (sending != 0 || !kept.empty() || pending_property_requests() != 0) {
            if (kept.empty()) {
                test::let_pass(100'000);
                continue;
            }
            PPCPROPERTY_REQUEST const request = kept.front();
            kept.pop_front();
            nt::ke::stall(random.below(2'000));
            test::at_irql(DISPATCH_LEVEL, [&] {
                request->ValueSize = 4;
                PcCompletePendingPropertyRequest(request, STATUS_SUCCESS);
            });
        }
    }
    // Several requests at once, then the handle is closed or cancelled; all of them end.
    void send_and_leave(HANDLE file) {
        const Bytes input = Ask{own_set, 0, test::get}.input();
        std::vector<PIO_STATUS_BLOCK> sent;
        for (int i = 0; i < 4; ++i) {
            auto* const memory = static_cast<std::uint8_t*>(ks.heap().allocate(256));
            std::memcpy(memory + 64, input.data(), input.size());
            auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
            status->Status = STATUS_PENDING;
            const NTSTATUS returned = nt::io::device_io_control(file, {}, IOCTL_KS_PROPERTY, memory + 64, 24,
                                                                memory + 128, 8, status, KernelMode);
            if (returned == STATUS_PENDING) sent.push_back(status);
            nt::ke::stall(random.below(3'000));
        }
        if (random.below(2) == 0) nt::io::cancel_file_io(file, true, nullptr, KernelMode);
        ks.close(file);
        for (PIO_STATUS_BLOCK const status : sent) {
            for (int i = 0; i < 2'000 && status->Status == STATUS_PENDING; ++i) test::let_pass(100'000);
            lost += status->Status == STATUS_PENDING ? 1 : 0;
            wrong += NT_SUCCESS(status->Status) && status->Information != 4 ? 1 : 0;
        }
    }

    inline static PropertySchedules* self = nullptr;
    PCPROPERTY_ITEM item{&own_set, 0, PCPROPERTY_ITEM_FLAG_GET, keep};
    PCAUTOMATION_TABLE table{};
    sim::RandomPolicy policy;
    sim::Random random;
    std::deque<PPCPROPERTY_REQUEST> kept;
    std::vector<nt::IrpFault> faults;
    int damaged = 0, sending = 0, lost = 0, wrong = 0;
};

TEST_P(PropertySchedules, RequestsEndOnceWhateverHappensMeanwhile) {
    start_device_and_filter();
    sim::scheduler.policy = &policy;
    run([&] {
        const std::u16string path = nt::io::visible_interface(0, nullptr)->link;
        sending = 3;
        start([&] { complete_all(); });
        for (int client_index = 0; client_index < 3; ++client_index) {
            start([&, path] {
                for (int turn = 0; turn < 3; ++turn) {
                    HANDLE own = nullptr;
                    if (NT_SUCCESS(ks.open_filter(path, &own))) send_and_leave(own);
                }
                --sending;
            });
        }
    });
    REQUIRES("FD-059"), REQUIRES("FN-153");
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_EQ(damaged, 0);
    EXPECT_THAT(faults, IsEmpty());
    EXPECT_THAT(Contracts::take(), IsEmpty());
    EXPECT_EQ(adapter().open_files, 1u) << "the test's own";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertySchedules, ::testing::Range<std::uint64_t>(1, 31));

}  // namespace
}  // namespace portico::portcls
