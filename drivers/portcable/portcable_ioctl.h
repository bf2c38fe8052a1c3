// Requests of the device \\.\PortCable, for its programs.
#ifndef _PORTCABLE_IOCTL_H_
#define _PORTCABLE_IOCTL_H_

#define FILE_DEVICE_PORTCABLE 0x8042

#define PORTCABLE_NAME_LENGTH 32  // characters, with the terminating 0
#define PORTCABLE_FRIENDLY_LENGTH 64

typedef struct _PORTCABLE_PORT {
    WCHAR Name[PORTCABLE_NAME_LENGTH];  // letters, digits, blank, - and _; the filter's reference string
    WCHAR FriendlyName[PORTCABLE_FRIENDLY_LENGTH];  // empty: the name
} PORTCABLE_PORT, *PPORTCABLE_PORT;

typedef struct _PORTCABLE_STATISTICS {
    ULONG Streams;  // that are open now
    ULONG Reserved;
    LONG64 BytesWritten;  // by clients
    LONG64 BytesRead;
} PORTCABLE_STATISTICS, *PPORTCABLE_STATISTICS;

typedef struct _PORTCABLE_MIRROR {
    WCHAR From[PORTCABLE_NAME_LENGTH];  // reference string of a filter of any driver; empty: no mirror
    WCHAR To[PORTCABLE_NAME_LENGTH];    // a port of this one
} PORTCABLE_MIRROR, *PPORTCABLE_MIRROR;

// PORTCABLE_PORT in. Ends when the port is there.
#define IOCTL_PORTCABLE_CREATE CTL_CODE(FILE_DEVICE_PORTCABLE, 0x800, METHOD_BUFFERED, FILE_WRITE_ACCESS)
// PORTCABLE_PORT in, of which the name counts.
#define IOCTL_PORTCABLE_DELETE CTL_CODE(FILE_DEVICE_PORTCABLE, 0x801, METHOD_BUFFERED, FILE_WRITE_ACCESS)
// As many PORTCABLE_PORTs out as there is room for.
#define IOCTL_PORTCABLE_LIST CTL_CODE(FILE_DEVICE_PORTCABLE, 0x802, METHOD_OUT_DIRECT, FILE_READ_ACCESS)
// PORTCABLE_MIRROR in the second buffer.
#define IOCTL_PORTCABLE_MIRROR CTL_CODE(FILE_DEVICE_PORTCABLE, 0x803, METHOD_IN_DIRECT, FILE_WRITE_ACCESS)
// PORTCABLE_PORT in, PORTCABLE_STATISTICS out.
#define IOCTL_PORTCABLE_STATISTICS CTL_CODE(FILE_DEVICE_PORTCABLE, 0x804, METHOD_NEITHER, FILE_READ_ACCESS)
// ULONG in: the number of changes that the program knows of. ULONG out, when there are others: their number.
#define IOCTL_PORTCABLE_WAIT CTL_CODE(FILE_DEVICE_PORTCABLE, 0x805, METHOD_BUFFERED, FILE_READ_ACCESS)

#endif
