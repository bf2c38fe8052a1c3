// What drivers reach ports by besides READ_PORT_xxx: the compiler's intrinsics and the old C run-time names
// (FLD-054).
#include "nt/ddi.h"
#include "sim/bus.h"
#include "wdm.h"

namespace portico::nt::hal {
namespace {

template <class T>
T NTAPI in(USHORT port) {
    return static_cast<T>(sim::bus.read_port(port, sizeof(T)));
}

template <class T>
void NTAPI out(USHORT port, T value) {
    sim::bus.write_port(port, sizeof(T), value);
}

template <class T>
void NTAPI in_string(USHORT port, T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) buffer[i] = in<T>(port);
}

template <class T>
void NTAPI out_string(USHORT port, const T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) out<T>(port, buffer[i]);
}

// The old forms return what was read or written; the byte form as an int.
INT NTAPI inp_byte(USHORT port) {
    return in<UCHAR>(port);
}
USHORT NTAPI inp_word(USHORT port) {
    return in<USHORT>(port);
}
ULONG NTAPI inp_long(USHORT port) {
    return in<ULONG>(port);
}
INT NTAPI outp_byte(USHORT port, INT value) {
    out<UCHAR>(port, static_cast<UCHAR>(value));
    return value;
}
USHORT NTAPI outp_word(USHORT port, USHORT value) {
    out<USHORT>(port, value);
    return value;
}
ULONG NTAPI outp_long(USHORT port, ULONG value) {
    out<ULONG>(port, value);
    return value;
}

}  // namespace

EXPORT(__inbyte, in<UCHAR>);
EXPORT(__inword, in<USHORT>);
EXPORT(__indword, in<ULONG>);
EXPORT(__outbyte, out<UCHAR>);
EXPORT(__outword, out<USHORT>);
EXPORT(__outdword, out<ULONG>);
EXPORT(__inbytestring, in_string<UCHAR>);
EXPORT(__inwordstring, in_string<USHORT>);
EXPORT(__indwordstring, in_string<ULONG>);
EXPORT(__outbytestring, out_string<UCHAR>);
EXPORT(__outwordstring, out_string<USHORT>);
EXPORT(__outdwordstring, out_string<ULONG>);
EXPORT(inp, inp_byte);
EXPORT(inpw, inp_word);
EXPORT(inpd, inp_long);
EXPORT(outp, outp_byte);
EXPORT(outpw, outp_word);
EXPORT(outpd, outp_long);
EXPORT(_inp, inp_byte);
EXPORT(_inpw, inp_word);
EXPORT(_inpd, inp_long);
EXPORT(_outp, outp_byte);
EXPORT(_outpw, outp_word);
EXPORT(_outpd, outp_long);

}  // namespace portico::nt::hal
