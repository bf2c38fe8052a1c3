// For a driver in C and one in C++: the headers that pack structures.
#pragma once

// Headers that stand around structures, each time anew.
#include <pshpack1.h>
struct PackedTo1 {
    UCHAR a;
    ULONGLONG b;
};
#include <pshpack4.h>
struct PackedTo4 {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
struct PackedTo1Again {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
struct NotPacked {
    UCHAR a;
    ULONGLONG b;
};
#include <pshpack2.h>
#include <pshpack8.h>
#include <poppack.h>
struct PackedTo2 {
    UCHAR a;
    ULONGLONG b;
};
#include <poppack.h>
C_ASSERT(sizeof(struct PackedTo1) == 9);
C_ASSERT(sizeof(struct PackedTo4) == 12);
C_ASSERT(sizeof(struct PackedTo1Again) == 9);
C_ASSERT(sizeof(struct NotPacked) == 16);
C_ASSERT(sizeof(struct PackedTo2) == 10);
