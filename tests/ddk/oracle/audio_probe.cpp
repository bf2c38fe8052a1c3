// Compiled by mingw-w64 with its own headers: audio_list.h as numbers in named sections, which the build
// takes out of the object file and oracle_test.cpp compares with ours. What is put right first are gaps of
// mingw's headers, none of them a layout that is compared.
#include <stddef.h>
#include <intrin.h>

// Two inline functions of its wdm.h do not compile beside its intrin.h in C++.
#define InterlockedBitTestAndSet portico_unused_bts
#define InterlockedBitTestAndReset portico_unused_btr
// Used and not defined in C++.
#define DECLSPEC_NOVTABLE
#define DECLSPEC_NOTHROW
#define NOBITMAP
#include <ntddk.h>
typedef char TCHAR;
struct KSRTAUDIO_HWLATENCY;
struct KSRTAUDIO_HWREGISTER;
#include <windef.h>
#include <mmreg.h>
// GUIDs as constants that the compiler can copy.
#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    static constexpr GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
// Names that Windows keeps and that mingw hides from its version 6.0 on.
#pragma push_macro("NTDDI_VERSION")
#undef NTDDI_VERSION
#define NTDDI_VERSION 0x05010000
#include <ksmedia.h>
#pragma pop_macro("NTDDI_VERSION")
#include <portcls.h>
#include <stdunk.h>
#include <dmusicks.h>

#define N(value) (unsigned long long)(value),
extern "C" __attribute__((section("numbers"), used)) const unsigned long long portico_numbers[] = {
#include "audio_list.h"
};

// A pointer to a virtual member is 1 + its offset in the vtable, and 0.
#define S(Interface, Method)                                                                            \
    extern "C" __attribute__((section("slots"),                                                         \
                              used)) decltype(&Interface::Method) portico_slot_##Interface##_##Method = \
        &Interface::Method;
#include "audio_list.h"

#define G(name) name,
extern "C" __attribute__((section("guids"), used)) const GUID portico_guids[] = {
#include "audio_list.h"
};

#define K(name) {STATIC_##name},
extern "C" __attribute__((section("ksguids"), used)) const GUID portico_ks_guids[] = {
#include "audio_list.h"
};
