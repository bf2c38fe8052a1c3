// From messages to voices. Everything here runs with the lock held.
#include "fmsynth.h"

#define NO_RPN 0x3FFF
#define RPN_BEND_RANGE 0
#define BEND_CENTRE 0x2000

#define CC_MODULATION 1
#define CC_DATA_COARSE 6
#define CC_VOLUME 7
#define CC_PAN 10
#define CC_EXPRESSION 11
#define CC_DATA_FINE 38
#define CC_PEDAL 64
#define CC_NRPN_FINE 98
#define CC_NRPN_COARSE 99
#define CC_RPN_FINE 100
#define CC_RPN_COARSE 101
#define CC_ALL_SOUND_OFF 120
#define CC_RESET_ALL 121
#define CC_ALL_NOTES_OFF 123

// A controller's or a velocity's value as steps of 0.75 dB: 40 log (127 / value) dB.
static const BYTE g_abAttenuation[128] = {
    63, 63, 63, 63, 63, 63, 63, 63, 63, 61, 59, 57, 55, 53, 51, 49, 48, 47, 45, 44, 43, 42, 41, 40, 39, 38,
    37, 36, 35, 34, 33, 33, 32, 31, 31, 30, 29, 29, 28, 27, 27, 26, 26, 25, 25, 24, 24, 23, 23, 22, 22, 21,
    21, 20, 20, 19, 19, 19, 18, 18, 17, 17, 17, 16, 16, 16, 15, 15, 14, 14, 14, 13, 13, 13, 13, 12, 12, 12,
    11, 11, 11, 10, 10, 10, 10, 9,  9,  9,  8,  8,  8,  8,  7,  7,  7,  7,  6,  6,  6,  6,  6,  5,  5,  5,
    5,  4,  4,  4,  4,  4,  3,  3,  3,  3,  3,  2,  2,  2,  2,  2,  1,  1,  1,  1,  1,  0,  0,  0};

BOOLEAN CMiniportMidiFmSynth::SideIsMute(IN ULONG ulSide) {
    return BOOLEAN(m_alLevel[ulSide] <= FM_LEVEL_MINIMUM);
}

// The chip has one level for both sides: the louder of those that are heard.
BYTE CMiniportMidiFmSynth::Attenuation(IN const FMVOICE* pVoice) {
    const FMCHANNEL* pChannel = &m_aChannels[pVoice->bChannel];
    LONG lLevel = m_alLevel[0] > m_alLevel[1] ? m_alLevel[0] : m_alLevel[1];
    ULONG ulSteps = ULONG(-lLevel / FM_LEVEL_STEP);
    ulSteps += g_abAttenuation[pChannel->bVolume] + g_abAttenuation[pChannel->bExpression];
    ulSteps += g_abAttenuation[pVoice->bVelocity] / 2;
    return BYTE(ulSteps > 63 ? 63 : ulSteps);
}

// The best voice for a new note: the same note's, else the one that has been silent longest, else the oldest
// that only a pedal holds, else the oldest.
BYTE CMiniportMidiFmSynth::FindVoice(IN BYTE bChannel, IN BYTE bNote) {
    BYTE bBest = 0;
    ULONG ulBest = 0;
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        const FMVOICE* pVoice = &m_aVoices[bVoice];
        if (pVoice->fKeyOn && pVoice->bChannel == bChannel && pVoice->bNote == bNote) return bVoice;
        ULONG ulAge = (m_ulTime - pVoice->ulTime) & 0x3FFFFFFF;
        if (!pVoice->fKeyOn) {
            ulAge |= 0x80000000;
        } else if (pVoice->fSustained) {
            ulAge |= 0x40000000;
        }
        if (bVoice == 0 || ulAge > ulBest) {
            bBest = bVoice;
            ulBest = ulAge;
        }
    }
    return bBest;
}

void CMiniportMidiFmSynth::NoteOn(IN BYTE bChannel, IN BYTE bNote, IN BYTE bVelocity) {
    const FMPATCH* pPatch = &g_aPatches[m_aChannels[bChannel].bProgram * NUM_PATCHES / NUM_PROGRAMS];
    LONG lPlayed = bNote;
    if (bChannel == DRUM_CHANNEL) {
        if (bNote < FIRST_DRUM || bNote > LAST_DRUM) return;
        const FMDRUM* pDrum = &g_aDrums[bNote - FIRST_DRUM];
        pPatch = &g_aDrumPatches[pDrum->bPatch];
        lPlayed = pDrum->bNote;
    }
    lPlayed += pPatch->cTranspose;

    BYTE bVoice = FindVoice(bChannel, bNote);
    FMVOICE* pVoice = &m_aVoices[bVoice];
    if (pVoice->fKeyOn) WriteKeyOff(bVoice);
    pVoice->pPatch = pPatch;
    pVoice->fKeyOn = TRUE;
    pVoice->fSustained = FALSE;
    pVoice->bChannel = bChannel;
    pVoice->bNote = bNote;
    pVoice->bPlayed = BYTE(lPlayed < 0 ? 0 : lPlayed > 127 ? 127 : lPlayed);
    pVoice->bVelocity = bVelocity;
    pVoice->ulTime = ++m_ulTime;

    WriteOperator(bVoice, 0);
    WriteOperator(bVoice, 1);
    WriteLevels(bVoice);
    WriteOutputs(bVoice);
    WritePitch(bVoice, TRUE);
}

void CMiniportMidiFmSynth::NoteOff(IN BYTE bChannel, IN BYTE bNote) {
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        FMVOICE* pVoice = &m_aVoices[bVoice];
        if (!pVoice->fKeyOn || pVoice->bChannel != bChannel || pVoice->bNote != bNote) continue;
        if (m_aChannels[bChannel].fPedal) {
            pVoice->fSustained = TRUE;
        } else {
            ReleaseVoice(bVoice);
        }
    }
}

void CMiniportMidiFmSynth::ReleaseVoice(IN BYTE bVoice) {
    FMVOICE* pVoice = &m_aVoices[bVoice];
    if (!pVoice->fKeyOn) return;
    WriteKeyOff(bVoice);
    pVoice->fKeyOn = FALSE;
    pVoice->fSustained = FALSE;
    pVoice->ulTime = ++m_ulTime;
}

void CMiniportMidiFmSynth::PedalUp(IN BYTE bChannel) {
    m_aChannels[bChannel].fPedal = FALSE;
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        if (m_aVoices[bVoice].fSustained && m_aVoices[bVoice].bChannel == bChannel) ReleaseVoice(bVoice);
    }
}

void CMiniportMidiFmSynth::ChannelNotesOff(IN BYTE bChannel) {
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        if (m_aVoices[bVoice].bChannel == bChannel) ReleaseVoice(bVoice);
    }
}

// What a channel's voices that sound, or still decay, hear of a change.
void CMiniportMidiFmSynth::UpdateChannel(IN BYTE bChannel, IN ULONG ulWhat) {
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        const FMVOICE* pVoice = &m_aVoices[bVoice];
        if (!pVoice->pPatch || pVoice->bChannel != bChannel) continue;
        if (ulWhat & UPDATE_LEVELS) WriteLevels(bVoice);
        if (ulWhat & UPDATE_OUTPUTS) WriteOutputs(bVoice);
        if (ulWhat & UPDATE_PITCH) WritePitch(bVoice, pVoice->fKeyOn);
        if (ulWhat & UPDATE_MODES) {
            WriteOperator(bVoice, 0);
            WriteOperator(bVoice, 1);
        }
    }
}

void CMiniportMidiFmSynth::Controller(IN BYTE bChannel, IN BYTE bController, IN BYTE bValue) {
    FMCHANNEL* pChannel = &m_aChannels[bChannel];
    switch (bController) {
        case CC_MODULATION:
            pChannel->bModulation = bValue;
            UpdateChannel(bChannel, UPDATE_MODES);
            break;
        case CC_VOLUME:
            pChannel->bVolume = bValue;
            UpdateChannel(bChannel, UPDATE_LEVELS);
            break;
        case CC_EXPRESSION:
            pChannel->bExpression = bValue;
            UpdateChannel(bChannel, UPDATE_LEVELS);
            break;
        case CC_PAN:
            pChannel->bPan = bValue;
            UpdateChannel(bChannel, UPDATE_OUTPUTS);
            break;
        case CC_PEDAL:
            if (bValue < 64) PedalUp(bChannel);
            pChannel->fPedal = BOOLEAN(bValue >= 64);
            break;
        case CC_ALL_SOUND_OFF:
            ChannelNotesOff(bChannel);
            break;
        case CC_RESET_ALL:
            ResetController(bChannel);
            break;
        default:
            if (bController >= CC_ALL_NOTES_OFF) {
                ChannelNotesOff(bChannel);
            } else {
                DataEntry(bChannel, bController, bValue);
            }
    }
}

// The one registered parameter that there is, the range of the pitch bend.
void CMiniportMidiFmSynth::DataEntry(IN BYTE bChannel, IN BYTE bController, IN BYTE bValue) {
    FMCHANNEL* pChannel = &m_aChannels[bChannel];
    switch (bController) {
        case CC_RPN_FINE:
            pChannel->wRpn = WORD((pChannel->wRpn & ~0x7F) | bValue);
            return;
        case CC_RPN_COARSE:
            pChannel->wRpn = WORD((pChannel->wRpn & 0x7F) | bValue << 7);
            return;
        case CC_NRPN_FINE:
        case CC_NRPN_COARSE:
            pChannel->wRpn = NO_RPN;
            return;
        case CC_DATA_COARSE:
        case CC_DATA_FINE:
            break;
        default:
            return;
    }
    if (pChannel->wRpn != RPN_BEND_RANGE) return;
    if (bController == CC_DATA_COARSE) {
        pChannel->bBendRange = BYTE(bValue > 24 ? 24 : bValue);
        pChannel->bBendCents = 0;
    } else {
        pChannel->bBendCents = BYTE(bValue > 99 ? 99 : bValue);
    }
    UpdateChannel(bChannel, UPDATE_PITCH);
}

void CMiniportMidiFmSynth::PitchBend(IN BYTE bChannel, IN WORD wBend) {
    m_aChannels[bChannel].wBend = wBend;
    UpdateChannel(bChannel, UPDATE_PITCH);
}

// What "reset all controllers" resets; volume, pan and the program stay.
void CMiniportMidiFmSynth::ResetController(IN BYTE bChannel) {
    FMCHANNEL* pChannel = &m_aChannels[bChannel];
    pChannel->bExpression = 127;
    pChannel->bModulation = 0;
    pChannel->wBend = BEND_CENTRE;
    pChannel->wRpn = NO_RPN;
    PedalUp(bChannel);
    UpdateChannel(bChannel, UPDATE_LEVELS | UPDATE_PITCH | UPDATE_MODES);
}

void CMiniportMidiFmSynth::ShortMessage(IN BYTE bStatus, IN BYTE bData1, IN BYTE bData2) {
    BYTE bChannel = BYTE(bStatus & 0x0F);
    switch (bStatus & 0xF0) {
        case 0x80:
            NoteOff(bChannel, bData1);
            break;
        case 0x90:
            if (bData2) {
                NoteOn(bChannel, bData1, bData2);
            } else {
                NoteOff(bChannel, bData1);
            }
            break;
        case 0xB0:
            Controller(bChannel, bData1, bData2);
            break;
        case 0xC0:
            m_aChannels[bChannel].bProgram = bData1;
            break;
        case 0xE0:
            PitchBend(bChannel, WORD(bData1 | bData2 << 7));
            break;
    }
}

// ---- for callers without the lock ----

// As after power-on, for a client that comes.
void CMiniportMidiFmSynth::ResetChannels(void) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_SpinLock, &OldIrql);
    for (BYTE bChannel = 0; bChannel < NUM_CHANNELS; bChannel++) {
        FMCHANNEL* pChannel = &m_aChannels[bChannel];
        pChannel->bProgram = 0;
        pChannel->bVolume = 100;
        pChannel->bPan = 64;
        pChannel->bBendRange = 2;
        pChannel->bBendCents = 0;
        ResetController(bChannel);
    }
    KeReleaseSpinLock(&m_SpinLock, OldIrql);
}

void CMiniportMidiFmSynth::AllNotesOff(void) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_SpinLock, &OldIrql);
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) ReleaseVoice(bVoice);
    for (BYTE bChannel = 0; bChannel < NUM_CHANNELS; bChannel++) m_aChannels[bChannel].fPedal = FALSE;
    KeReleaseSpinLock(&m_SpinLock, OldIrql);
}

void CMiniportMidiFmSynth::SetLevel(IN LONG lSide, IN LONG lLevel) {
    if (lLevel > FM_LEVEL_MAXIMUM) lLevel = FM_LEVEL_MAXIMUM;
    if (lLevel < FM_LEVEL_MINIMUM) lLevel = FM_LEVEL_MINIMUM;
    // To what the chip can do.
    lLevel -= lLevel % FM_LEVEL_STEP;

    KIRQL OldIrql;
    KeAcquireSpinLock(&m_SpinLock, &OldIrql);
    for (LONG lEach = 0; lEach < FM_SIDES; lEach++) {
        if (lSide == lEach || lSide < 0) m_alLevel[lEach] = lLevel;
    }
    for (BYTE bChannel = 0; bChannel < NUM_CHANNELS; bChannel++) {
        UpdateChannel(bChannel, UPDATE_LEVELS | UPDATE_OUTPUTS);
    }
    KeReleaseSpinLock(&m_SpinLock, OldIrql);
}

LONG CMiniportMidiFmSynth::GetLevel(IN LONG lSide) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_SpinLock, &OldIrql);
    LONG lLevel = m_alLevel[lSide < 0 ? 0 : lSide];
    KeReleaseSpinLock(&m_SpinLock, OldIrql);
    return lLevel;
}
