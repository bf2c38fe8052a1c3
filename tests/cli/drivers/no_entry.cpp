// An image without DriverEntry.
extern "C" int NotDriverEntry() {
    return 0;
}
