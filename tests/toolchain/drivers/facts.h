// What the tool chain test asks its driver: filled in by the driver, compiled by its own rules, and read by
// the host.
#pragma once

#ifndef __cplusplus
#include <stddef.h>
#endif

#ifdef PORTICO_TEST_HOST
#define WIN64 __attribute__((ms_abi))
typedef char16_t FACTS_WCHAR;
#else
#define WIN64
typedef wchar_t FACTS_WCHAR;
#endif

typedef unsigned long long FACTS_U64;

// A method that returns it gets a hidden pointer to the result after `this`, whatever its size (MSVC x64,
// user types).
struct EightBytes {
    long long quad;
};

struct FactsMixed {
    char one;
    long long eight;
    char two;
    int four;
};

enum { facts_strings_max = 8 };

struct Facts {
    unsigned size_of_long;
    unsigned size_of_wchar;
    unsigned size_of_pointer;
    unsigned size_of_long_double;
    unsigned msc_ver;
    unsigned is_kernel_mode;
    unsigned is_amd64;
    unsigned is_win64;
    unsigned dbg;
    unsigned gnuc;
    unsigned
        bit_field_bytes;  // unsigned char : 4; unsigned : 4 - MSVC starts a new unit when the type changes
    unsigned empty_base_offset;
    unsigned second_base_offset;  // of a class of two interfaces
    unsigned member_offset;       // of its first member
    unsigned mixed_offsets[4];
    const FACTS_WCHAR* wide;
    void* object;            // begins with a Microsoft vftable: no type information before, in slot order
    void* second_interface;  // the same object's second base
    void* struct_returner;   // EightBytes __thiscall (void* this, int)
    void* big_stack;         // int (int): a frame of 64 KiB, through __chkstk
    void* null_this;         // long (void* this): -1 for null, which C++ rules out
    void* aliased;           // int (int*, float*): writes 1, writes 2.0f, reads the first
    void* overflow;          // int (int): value + 1 < value
    void* spin;              // void (const volatile bool*): while (!*flag) ;
    void* spin_plain;        // void (const bool*): the same without volatile
    void* paged;             // in PAGE
    void* initial;           // in INIT
    void* not_paged;
    void* alloc_text_paged;  // C, by #pragma alloc_text
    void* c_string;          // const FACTS_WCHAR* (void), from C
    void* paged_data;        // int in PAGEDATA
};
