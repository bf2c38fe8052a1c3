// Requests of the control device of control_cable.cpp, as its programs include them.
#pragma once

#define FILE_DEVICE_CONTROL_CABLE 0x8086

#define CABLE_CTL(Function, Method, Access) \
    (((unsigned long)FILE_DEVICE_CONTROL_CABLE << 16) | ((Access) << 14) | ((Function) << 2) | (Method))

// Every transfer method. The first gives back what it got, last byte first; the second adds up the bytes of
// its second buffer, and the sum is read with the third, which fills its buffer with 0, 1, 2 ... and leaves
// the sum in the first four bytes; the last copies from one buffer to the other.
#define IOCTL_CABLE_REVERSE CABLE_CTL(0x800, 0, 0)
#define IOCTL_CABLE_SUM CABLE_CTL(0x801, 1, 0)
#define IOCTL_CABLE_FILL CABLE_CTL(0x802, 2, 0)
#define IOCTL_CABLE_COPY CABLE_CTL(0x803, 3, 0)
// What only a handle with write access may ask.
#define IOCTL_CABLE_GUARDED CABLE_CTL(0x804, 0, 2)

// Ports at run time, by number. With _LATER a work item makes it, and the request is pending until then.
#define IOCTL_CABLE_ADD_PORT CABLE_CTL(0x810, 0, 0)
#define IOCTL_CABLE_ADD_PORT_LATER CABLE_CTL(0x811, 0, 0)
#define IOCTL_CABLE_REMOVE_PORT CABLE_CTL(0x812, 0, 0)
// Wires two ports, and takes the wire away: two numbers, output before input.
#define IOCTL_CABLE_CONNECT CABLE_CTL(0x813, 0, 0)
#define IOCTL_CABLE_DISCONNECT CABLE_CTL(0x814, 0, 0)

// A request that waits for the next IOCTL_CABLE_POST and gives back its bytes.
#define IOCTL_CABLE_WAIT CABLE_CTL(0x820, 0, 0)
#define IOCTL_CABLE_POST CABLE_CTL(0x821, 0, 0)

// A system thread that counts milliseconds; stopping it gives back the number.
#define IOCTL_CABLE_START_THREAD CABLE_CTL(0x830, 0, 0)
#define IOCTL_CABLE_STOP_THREAD CABLE_CTL(0x831, 0, 0)
// A level in hundredths of a decibel for a volume of 1..127, in floating point.
#define IOCTL_CABLE_DECIBELS CABLE_CTL(0x832, 0, 0)
// The content of a file of the simulated volume: its NT path in, its bytes out.
#define IOCTL_CABLE_READ_FILE CABLE_CTL(0x833, 0, 0)
// A value of the driver's Parameters key: written, then read back.
#define IOCTL_CABLE_SETTING CABLE_CTL(0x834, 0, 0)
