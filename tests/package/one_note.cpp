// An embedding program: plays a note through the driver of its command line and prints what is on the wire.
#include <cstdio>

#include <portico/portico.h>

int main(int, char** arguments) {
    using namespace std::chrono_literals;
    auto machine = portico::Machine::create({.devices = {portico::mpu401()}, .driver = arguments[1]});
    if (!machine.ok() || !machine->start().ok()) return 1;
    auto pin = machine->filter("Uart").open(portico::Pin::Render);
    if (!pin.ok() || !pin->run().ok() || !pin->write({0x90, 60, 100}).ok()) return 1;
    machine->run_for(5ms);
    const char* space = "";
    for (const auto byte : machine->device("mpu401").wire()) {
        std::printf("%s%02x", space, byte);
        space = " ";
    }
    std::puts("");
    return 0;
}
