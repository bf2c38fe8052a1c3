// Written as drivers are: headers in another spelling, backslashes, Microsoft's extensions, no includes of
// Linux.
#include "..\Drivers\FACTS.H"

extern "C" const wchar_t* __stdcall CString(void);
extern "C" int PagedByAllocText(int value);
int CalledAcrossFiles(int value);

inline void* operator new(unsigned long long, void* where) {
    return where;
}

typedef unsigned char UCHAR;

struct Empty {};
struct __declspec(novtable) IFirst {
    virtual long __stdcall Add(long value) = 0;
    virtual long __stdcall Subtract(long value) = 0;
};
struct __declspec(novtable) ISecond {
    virtual long __stdcall Overloaded(long value) = 0;
    virtual long __stdcall Overloaded(wchar_t value) = 0;
    virtual long __stdcall Last() = 0;
};

class CObject : public IFirst, public ISecond {
  public:
    CObject(long start) : m_value(start) {}
    long __stdcall Add(long value) { return m_value += value; }
    long __stdcall Subtract(long value) { return m_value -= value; }
    long __stdcall Overloaded(long value) { return 1000 + value; }
    long __stdcall Overloaded(wchar_t value) { return 2000 + value; }
    long __stdcall Last() { return m_value; }
    EightBytes Returner(int value);
    long NullThis() { return this ? m_value : -1; }

    long m_value;
};

EightBytes CObject::Returner(int value) {
    EightBytes result;
    result.quad = m_value * 1000 + value;
    return result;
}

struct BitFields {
    UCHAR a : 4;
    unsigned b : 4;
};
struct DerivedFromEmpty : Empty {
    int x;
};

#pragma data_seg("PAGEDATA")
int g_Paged = 77;
#pragma data_seg()

#pragma code_seg("PAGE")
static int InPage(int value) {
    return value + 1;
}
#pragma code_seg("INIT")
static int InInit(int value) {
    return CalledAcrossFiles(value);
}
#pragma code_seg()
static int NotPaged(int value) {
    return value + 3;
}

static int BigStack(int value) {
    volatile char buffer[65536];
    for (int i = 0; i < 65536; i += 4096) buffer[i] = static_cast<char>(value);
    return buffer[4096];
}

static int Aliased(int* first, float* second) {
    *first = 1;
    *second = 2.0f;
    return *first;
}

static int Overflow(int value) {
    return value + 1 < value;
}

static void Spin(const volatile bool* flag) {
    while (!*flag)
        ;
}

static void SpinPlain(const bool* flag) {
    while (!*flag)
        ;
}

// A pointer to a method of a class with two bases is larger than an address, which it begins with.
template <class From>
static void* Address(From function) {
    return *(void**)&function;
}

static void Layout(Facts* facts) {
    CObject* const null = (CObject*)0x1000;
    facts->second_base_offset = (unsigned)((char*)(ISecond*)null - (char*)null);
    facts->member_offset = (unsigned)((char*)&null->m_value - (char*)null);
    facts->bit_field_bytes = sizeof(BitFields);
    facts->empty_base_offset = __builtin_offsetof(DerivedFromEmpty, x);
    facts->mixed_offsets[0] = __builtin_offsetof(FactsMixed, eight);
    facts->mixed_offsets[1] = __builtin_offsetof(FactsMixed, two);
    facts->mixed_offsets[2] = __builtin_offsetof(FactsMixed, four);
    facts->mixed_offsets[3] = sizeof(FactsMixed);
}

static void Identity(Facts* facts) {
    facts->size_of_long = sizeof(long);
    facts->size_of_wchar = sizeof(wchar_t);
    facts->size_of_pointer = sizeof(void*);
    facts->size_of_long_double = sizeof(long double);
    facts->msc_ver = _MSC_VER;
    facts->is_kernel_mode = _KERNEL_MODE;
    facts->is_amd64 = _M_AMD64 == 100 && _AMD64_ == 1;
    facts->is_win64 = _WIN64 == 1;
    facts->dbg = DBG;
#ifdef __GNUC__
    facts->gnuc = 1;
#endif
}

// Two-phase look-up would reject it: Microsoft parses templates when they are used.
template <class T>
int UsesLater(T value) {
    return DeclaredLater(value);
}
static int DeclaredLater(int value) {
    return value;
}

extern "C" long __stdcall DriverEntry(Facts* facts, void*) {
    static char storage[sizeof(CObject)];
    CObject* const object = ::new (storage) CObject(UsesLater(5));
    Identity(facts);
    Layout(facts);
    facts->wide = L"w\x00e4";
    facts->object = object;
    facts->second_interface = static_cast<ISecond*>(object);
    facts->struct_returner = Address(&CObject::Returner);
    facts->big_stack = Address(BigStack);
    facts->null_this = Address(&CObject::NullThis);
    facts->aliased = Address(Aliased);
    facts->overflow = Address(Overflow);
    facts->spin = Address(Spin);
    facts->spin_plain = Address(SpinPlain);
    facts->paged = Address(InPage);
    facts->initial = Address(InInit);
    facts->not_paged = Address(NotPaged);
    facts->alloc_text_paged = Address(PagedByAllocText);
    facts->c_string = Address(CString);
    facts->paged_data = &g_Paged;
    return 0;
}
