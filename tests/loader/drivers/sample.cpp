// A driver for the loader's tests: statics, imports that exist, imports that do not, a static constructor,
// and calls whose lines the tests ask for.
#include "sample.h"

extern "C" {
int HostAdd(int a, int b);
#ifdef PORTICO_SYS
__declspec(dllimport)
#endif
    extern int HostData;
unsigned long long NotThere(int value);
void AlsoNotThere();
__attribute__((weak)) int OptionalImport();
void HostCallback();
}

int g_Counter = 5;
static void* g_PointerToIt = &g_Counter;
static unsigned char g_Zeroes[zeroes_bytes];
static const int g_Constant = 42;

namespace Inner {
struct CHolder {
    CHolder(int value) : m_value(HostAdd(value, 1)) {}
    int m_value;
    static CHolder s_member;
};
CHolder CHolder::s_member(7);
}  // namespace Inner
Inner::CHolder g_Holder(3);

static int AddByHost(int a, int b) {
    return HostAdd(a, b);
}
static int ReadHostData() {
    return HostData;
}
static int ReadThroughIt() {
    return *static_cast<int*>(g_PointerToIt);
}
static unsigned long long CallMissing(int value) {
    return NotThere(value);
}

enum { line_of_inlined = __LINE__ + 2 };
static inline __attribute__((always_inline)) void Inlined() {
    HostCallback();
}

static int OptionalIsNull() {
    if (OptionalImport) AlsoNotThere();
    return OptionalImport == nullptr;
}

namespace Inner {

class CThing {
  public:
    void CallBack();
    int m_calls;
};

enum { line_of_call_back = __LINE__ + 2 };
void CThing::CallBack() {
    Inlined();
    ++m_calls;
}

}  // namespace Inner

static Inner::CThing g_Thing;
static void CallBack() {
    g_Thing.CallBack();
}

template <class From>
static void* Address(From function) {
    return reinterpret_cast<void*>(function);
}

extern "C" long __stdcall DriverEntry(Sample* sample, void*) {
    sample->counter = &g_Counter;
    sample->pointer_to_it = &g_PointerToIt;
    sample->zeroes = g_Zeroes;
    sample->constant = &g_Constant;
    sample->add_by_host = Address(AddByHost);
    sample->read_host_data = Address(ReadHostData);
    sample->read_through_it = Address(ReadThroughIt);
    sample->call_missing = Address(CallMissing);
    sample->optional_is_null = Address(OptionalIsNull);
    sample->call_back = Address(CallBack);
    sample->line_of_call_back = Inner::line_of_call_back;
    sample->line_of_inlined = line_of_inlined;
    return 0;
}
