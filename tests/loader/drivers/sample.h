// What the loader's tests ask their driver for.
#pragma once

#ifdef PORTICO_TEST_HOST
#define WIN64 __attribute__((ms_abi))
#else
#define WIN64
#endif

struct Sample {
    int* counter;            // 5 at load
    void** pointer_to_it;    // &counter's variable, by relocation
    unsigned char* zeroes;   // zeroes_bytes of .bss
    const int* constant;     // 42
    void* add_by_host;       // int (int, int): calls the import HostAdd
    void* read_host_data;    // int (): the imported variable HostData
    void* read_through_it;   // int (): what pointer_to_it points to
    void* call_missing;      // unsigned long long (int): returns what the missing import NotThere returns
    void* optional_is_null;  // int ()
    void* call_back;  // void (): CThing::CallBack calls the import HostCallback through an inlined function
    int line_of_call_back;  // in sample.cpp, of the call of the inlined function
    int line_of_inlined;    // of the call of HostCallback
};

enum { zeroes_bytes = 300000 };
