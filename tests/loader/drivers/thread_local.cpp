__declspec(thread) int g_OfThread;

extern "C" long __stdcall DriverEntry(void*, void*) {
    return g_OfThread;
}
