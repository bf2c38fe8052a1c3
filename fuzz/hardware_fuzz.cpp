// Random accesses of every model's registers: the first byte chooses the model.
#include "register_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico;
    static constexpr const char* models[] = {
        "mpu401", "mc6850", "opl3", "sb16", "pci:sb16", "recorder", "recorder:mpu401", "pci:recorder:opl3"};
    if (size == 0) return 0;
    auto device = hardware::create_device(models[data[0] % std::size(models)], "fuzz").value();
    if ((data[0] & 0x40) != 0) (void)device->set("chip", std::string("ess"));
    if ((data[0] & 0x80) != 0) (void)device->set("bars", std::string("memory"));
    fuzz::RegisterSession session(*device);
    session.run(data + 1, size - 1);
    return 0;
}
