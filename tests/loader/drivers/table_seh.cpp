// A driver that another tool chain made: its functions name a handler of .sys images.
extern "C" int __C_specific_handler(void*, void*, void*, void*);

extern "C" long __stdcall DriverEntry(void* place, void*) {
    *static_cast<void**>(place) = reinterpret_cast<void*>(__C_specific_handler);
    return 0;
}
