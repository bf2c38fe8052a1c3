// What belongs to the card as a whole: its DSP, its mixer, its interrupt, its power. Every miniport of the
// driver reaches it by IAdapterCommon.
#ifndef _COMMON_H_
#define _COMMON_H_

#ifndef STR_MODULENAME
#define STR_MODULENAME "sb16: "
#endif

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

// {3F4C2A90-7B1D-11D2-9C55-00A0C9E1D7B4}
DEFINE_GUID(IID_IAdapterCommon, 0x3F4C2A90, 0x7B1D, 0x11D2, 0x9C, 0x55, 0x00, 0xA0, 0xC9, 0xE1, 0xD7, 0xB4);

#define SB16_POOL_TAG '61bS'

// Ports, from the DSP's base on.
#define DSP_PORTS 16
#define DSP_REG_MIXER_INDEX 0x4
#define DSP_REG_MIXER_DATA 0x5
#define DSP_REG_RESET 0x6
#define DSP_REG_READ 0xA
#define DSP_REG_WRITE 0xC
#define DSP_REG_STATUS 0xE
#define DSP_REG_ACK_16BIT 0xF

#define DSP_READY 0xAA
#define DSP_BUSY 0x80
#define DSP_DATA 0x80

// Commands.
#define DSP_CMD_OUTPUT_RATE 0x41
#define DSP_CMD_INPUT_RATE 0x42
#define DSP_CMD_PLAY_16BIT 0xB6
#define DSP_CMD_RECORD_16BIT 0xBE
#define DSP_CMD_PLAY_8BIT 0xC6
#define DSP_CMD_RECORD_8BIT 0xCE
#define DSP_CMD_PAUSE_8BIT 0xD0
#define DSP_CMD_PAUSE_16BIT 0xD5
#define DSP_CMD_END_16BIT 0xD9
#define DSP_CMD_END_8BIT 0xDA
#define DSP_CMD_VERSION 0xE1
#define DSP_MODE_SIGNED 0x10
#define DSP_MODE_STEREO 0x20

// The mixer's registers.
#define MIX_RESET 0x00
#define MIX_MASTER_LEFT 0x30
#define MIX_MASTER_RIGHT 0x31
#define MIX_VOICE_LEFT 0x32
#define MIX_VOICE_RIGHT 0x33
#define MIX_MIDI_LEFT 0x34
#define MIX_MIDI_RIGHT 0x35
#define MIX_CD_LEFT 0x36
#define MIX_CD_RIGHT 0x37
#define MIX_LINE_LEFT 0x38
#define MIX_LINE_RIGHT 0x39
#define MIX_MIC 0x3A
#define MIX_OUTPUT_SWITCHES 0x3C
#define MIX_INPUT_LEFT_SWITCHES 0x3D
#define MIX_INPUT_RIGHT_SWITCHES 0x3E
#define MIX_INPUT_GAIN_LEFT 0x3F
#define MIX_INPUT_GAIN_RIGHT 0x40
#define MIX_TREBLE_LEFT 0x44
#define MIX_TREBLE_RIGHT 0x45
#define MIX_BASS_LEFT 0x46
#define MIX_BASS_RIGHT 0x47
#define MIX_INTERRUPT_SETUP 0x80
#define MIX_DMA_SETUP 0x81
#define MIX_INTERRUPT_STATUS 0x82

// What MIX_INTERRUPT_STATUS shows. The MPU's is its miniport's business.
#define PENDING_8BIT 0x01
#define PENDING_16BIT 0x02

#define MIXER_REGISTERS 0x48

DECLARE_INTERFACE_(IAdapterCommon, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()

    STDMETHOD_(NTSTATUS, Init)(THIS_ IN PRESOURCELIST ResourceList, IN PDEVICE_OBJECT DeviceObject) PURE;
    // Without a reference.
    STDMETHOD_(PINTERRUPTSYNC, GetInterruptSync)(THIS) PURE;
    // Who is told of the DSP's interrupts; NULL: nobody. The caller keeps both alive until it says so.
    STDMETHOD_(void, SetWaveNotify)
    (THIS_ IN PPORTWAVECYCLIC Port OPTIONAL, IN PSERVICEGROUP Group OPTIONAL) PURE;

    // PASSIVE_LEVEL, one caller at a time. FALSE: the DSP does not answer.
    STDMETHOD_(BOOLEAN, WriteController)(THIS_ IN BYTE Value) PURE;
    STDMETHOD_(BOOLEAN, ReadController)(THIS_ OUT PBYTE Value) PURE;
    STDMETHOD_(NTSTATUS, ResetController)(THIS) PURE;

    // Up to DISPATCH_LEVEL. While the card sleeps the value is kept, and written when it wakes.
    STDMETHOD_(void, MixerRegWrite)(THIS_ IN BYTE Index, IN BYTE Value) PURE;
    // Changes the bits of Mask only.
    STDMETHOD_(void, MixerRegChange)(THIS_ IN BYTE Index, IN BYTE Mask, IN BYTE Value) PURE;
    STDMETHOD_(BYTE, MixerRegRead)(THIS_ IN BYTE Index) PURE;
};

typedef IAdapterCommon* PADAPTERCOMMON;

NTSTATUS NewAdapterCommon(OUT PUNKNOWN* Unknown, IN REFCLSID ClassId, IN PUNKNOWN UnknownOuter OPTIONAL,
                          IN POOL_TYPE PoolType);
NTSTATUS CreateMiniportTopologySB16(OUT PUNKNOWN* Unknown, IN REFCLSID ClassId,
                                    IN PUNKNOWN UnknownOuter OPTIONAL, IN POOL_TYPE PoolType);
NTSTATUS CreateMiniportWaveCyclicSB16(OUT PUNKNOWN* Unknown, IN REFCLSID ClassId,
                                      IN PUNKNOWN UnknownOuter OPTIONAL, IN POOL_TYPE PoolType);

#endif
