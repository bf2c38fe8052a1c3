// What legacy drivers ask the HAL about buses.
#include <cstring>

#include "nt/ddi.h"
#include "nt/io/pnp.h"
#include "nt/ke/ke.h"
#include "sim/irq_line.h"
#include "sim/scheduler.h"

namespace portico::nt::hal {
namespace {

// The configured PCI device in that slot; null: the slot is empty.
io::DeviceNode* find_pci(ULONG bus, ULONG slot) {
    PCI_SLOT_NUMBER number{};
    number.u.AsULONG = slot;
    const ULONG address = number.u.bits.DeviceNumber << 16 | number.u.bits.FunctionNumber;
    for (unsigned i = 0; io::DeviceNode* const node = io::node_at(i); ++i) {
        const bool there = node->state != io::NodeState::deleted && node->present && node->bus_type == PCIBus;
        if (there && node->bus_number == bus && node->address == address) return node;
    }
    return nullptr;
}

bool has_pci_bus(ULONG bus) {
    for (unsigned i = 0; const io::DeviceNode* const node = io::node_at(i); ++i) {
        if (node->state != io::NodeState::deleted && node->bus_type == PCIBus && node->bus_number == bus)
            return true;
    }
    return false;
}

struct Slot {
    BUS_DATA_TYPE type;
    ULONG bus;
    ULONG slot;
};

// 0: no such bus. 2: the slot is empty, and the buffer holds PCI_INVALID_VENDORID.
ULONG get_data(const Slot& where, void* buffer, ULONG offset, ULONG length) {
    if (where.type != PCIConfiguration || !has_pci_bus(where.bus)) return 0;
    io::DeviceNode* const node = find_pci(where.bus, where.slot);
    if (node != nullptr) return io::access_config_space(*node, buffer, offset, length, false);
    constexpr USHORT invalid_vendor = 0xFFFF;
    if (length < sizeof invalid_vendor) return 0;
    std::memcpy(buffer, &invalid_vendor, sizeof invalid_vendor);
    return sizeof invalid_vendor;
}

ULONG set_data(const Slot& where, void* buffer, ULONG offset, ULONG length) {
    if (where.type != PCIConfiguration) return 0;
    io::DeviceNode* const node = find_pci(where.bus, where.slot);
    return node == nullptr ? 0 : io::access_config_space(*node, buffer, offset, length, true);
}

}  // namespace
}  // namespace portico::nt::hal

using namespace portico::nt;

extern "C" {

ULONG NTAPI HalGetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                          ULONG Length) {
    DDI(HalGetBusData, DISPATCH_LEVEL);
    return hal::get_data({BusDataType, BusNumber, SlotNumber}, Buffer, 0, Length);
}

ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                  ULONG Offset, ULONG Length) {
    DDI(HalGetBusDataByOffset, DISPATCH_LEVEL);
    return hal::get_data({BusDataType, BusNumber, SlotNumber}, Buffer, Offset, Length);
}

ULONG NTAPI HalSetBusData(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                          ULONG Length) {
    DDI(HalSetBusData, DISPATCH_LEVEL);
    return hal::set_data({BusDataType, BusNumber, SlotNumber}, Buffer, 0, Length);
}

ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer,
                                  ULONG Offset, ULONG Length) {
    DDI(HalSetBusDataByOffset, DISPATCH_LEVEL);
    return hal::set_data({BusDataType, BusNumber, SlotNumber}, Buffer, Offset, Length);
}

// Bus addresses are the processors' own, in the same address space.
BOOLEAN NTAPI HalTranslateBusAddress(INTERFACE_TYPE, ULONG, PHYSICAL_ADDRESS BusAddress, PULONG,
                                     PPHYSICAL_ADDRESS TranslatedAddress) {
    DDI(HalTranslateBusAddress, DISPATCH_LEVEL);
    *TranslatedAddress = BusAddress;
    return TRUE;
}

ULONG NTAPI HalGetInterruptVector(INTERFACE_TYPE, ULONG, ULONG BusInterruptLevel, ULONG, PKIRQL Irql,
                                  PKAFFINITY Affinity) {
    DDI(HalGetInterruptVector, PASSIVE_LEVEL);
    *Irql = 0;
    *Affinity = 0;
    if (BusInterruptLevel >= portico::sim::irq_line_count) return 0;
    *Irql = ke::line_irql(BusInterruptLevel);
    *Affinity = (KAFFINITY{1} << portico::sim::scheduler.processor_count) - 1;
    return ke::vector_of(BusInterruptLevel);
}

BOOLEAN NTAPI HalMakeBeep(ULONG) {
    DDI(HalMakeBeep, HIGH_LEVEL);
    return TRUE;
}

}  // extern "C"
