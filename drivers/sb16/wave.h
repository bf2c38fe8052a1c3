// The DSP's digital audio as a wave miniport: one stream in each direction, each with a DMA channel.
#ifndef _WAVE_H_
#define _WAVE_H_

#include "common.h"

enum {
    WAVE_PIN_CAPTURE = 0,
    WAVE_PIN_CAPTURE_BRIDGE,  // from the mixer
    WAVE_PIN_RENDER,
    WAVE_PIN_RENDER_BRIDGE,  // to the mixer
    WAVE_PIN_COUNT
};

enum { WAVE_NODE_ADC = 0, WAVE_NODE_DAC, WAVE_NODE_COUNT };

#define WAVE_LEAST_RATE 5000
#define WAVE_HIGHEST_RATE 44100
#define WAVE_DMA_BUFFER 0x4000
#define WAVE_LEAST_DMA_BUFFER 0x1000

class CMiniportWaveCyclicStreamSB16;

class CMiniportWaveCyclicSB16 : public IMiniportWaveCyclic, public CUnknown {
  private:
    PADAPTERCOMMON m_pAdapterCommon;
    PPORTWAVECYCLIC m_pPort;
    PSERVICEGROUP m_pServiceGroup;
    PDMACHANNELSLAVE m_pDmaChannel8;
    PDMACHANNELSLAVE m_pDmaChannel16;  // NULL: the card has been given one channel only
    BOOLEAN m_fRenderOpen;
    BOOLEAN m_fCaptureOpen;
    // Which of the channels has a stream.
    BOOLEAN m_fOpen8;
    BOOLEAN m_fOpen16;

    NTSTATUS NewDmaChannel(OUT PDMACHANNELSLAVE* DmaChannel, IN PRESOURCELIST ResourceList, IN ULONG Index);
    NTSTATUS ValidateFormat(IN PKSDATAFORMAT Format, OUT PWAVEFORMATEX* WaveFormat);

    friend class CMiniportWaveCyclicStreamSB16;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportWaveCyclicSB16);
    ~CMiniportWaveCyclicSB16();

    IMP_IMiniportWaveCyclic;
};

class CMiniportWaveCyclicStreamSB16 : public IMiniportWaveCyclicStream, public CUnknown {
  private:
    CMiniportWaveCyclicSB16* m_pMiniport;
    PDMACHANNELSLAVE m_pDmaChannel;
    BOOLEAN m_fCapture;
    BOOLEAN m_f16Bit;
    BOOLEAN m_fStereo;
    KSSTATE m_State;
    ULONG m_ulRate;
    ULONG m_ulBlockBytes;  // between two interrupts

    ULONG FrameBytes(void) { return ULONG((m_fStereo ? 2 : 1) * (m_f16Bit ? 2 : 1)); }
    NTSTATUS Start(void);
    BOOLEAN Command(IN BYTE b8Bit, IN BYTE b16Bit);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportWaveCyclicStreamSB16);
    ~CMiniportWaveCyclicStreamSB16();

    NTSTATUS Init(IN CMiniportWaveCyclicSB16* Miniport, IN BOOLEAN Capture, IN PKSDATAFORMAT DataFormat,
                  IN BOOLEAN f16Bit, IN PDMACHANNELSLAVE DmaChannel);

    IMP_IMiniportWaveCyclicStream;
};

#endif
