// The chip: four ports, of which the first two belong to the first nine voices.
#include "fmsynth.h"

#define ARRAY_PORTS 2
#define ADDRESS_PORT 0
#define DATA_PORT 1
#define SECOND_ARRAY 0x100

#define REG_TIMER1 0x002
#define REG_TIMER_CONTROL 0x004
#define REG_KEYBOARD_SPLIT 0x008
#define REG_RHYTHM 0x0BD
#define REG_FOUR_OPERATOR 0x104
#define REG_NEW_MODE 0x105

#define TIMER_RESET 0x80
#define TIMER_MASK_BOTH 0x60
#define TIMER_START_1 0x01
#define STATUS_TIMERS 0xE0
#define STATUS_TIMER_1 0xC0
#define STATUS_OPL2 0x06

#define DEEP_TREMOLO_VIBRATO 0xC0
#define KEY_ON 0x20
#define LEVEL_BITS 0x3F
#define LEVEL_SILENT 0x3F
#define VIBRATO 0x40
#define OUTPUT_LEFT 0x10
#define OUTPUT_RIGHT 0x20
#define ADDITIVE 0x01

// In microseconds: the chip needs 0.28 after each access.
#define ACCESS_DELAY 1
#define TIMER_DELAY 100

#define VOICES_AN_ARRAY 9
#define LARGEST_FNUMBER 1023
#define LARGEST_BLOCK 7

// F-numbers of the twelve notes of a block and of the next block's first, times 64. Block b has the octave
// of MIDI notes from 12 * (b + 1) on.
static const WORD g_awFNumbers[] = {22072, 23385, 24775, 26248, 27809, 29463, 31215,
                                    33071, 35037, 37121, 39328, 41667, 44144};

static WORD VoiceAddress(IN BYTE bVoice) {
    return WORD(bVoice < VOICES_AN_ARRAY ? bVoice : SECOND_ARRAY + bVoice - VOICES_AN_ARRAY);
}

// Operators come in groups of six, eight addresses apart: three modulators, then their carriers.
static WORD OperatorAddress(IN BYTE bVoice, IN BYTE bOperator) {
    WORD wVoice = WORD(bVoice % VOICES_AN_ARRAY);
    WORD wAddress = WORD(wVoice / 3 * 8 + wVoice % 3 + bOperator * 3);
    return WORD(bVoice < VOICES_AN_ARRAY ? wAddress : SECOND_ARRAY + wAddress);
}

BYTE CMiniportMidiFmSynth::ReadStatus(void) {
    return READ_PORT_UCHAR(m_pPortBase + ADDRESS_PORT);
}

// A chip without power takes nothing, and must not be touched.
void CMiniportMidiFmSynth::WriteRegister(IN WORD wAddress, IN BYTE bValue) {
    if (m_fPoweredDown) return;
    PUCHAR pPorts = wAddress >= SECOND_ARRAY ? m_pPortBase + ARRAY_PORTS : m_pPortBase;
    WRITE_PORT_UCHAR(pPorts + ADDRESS_PORT, BYTE(wAddress));
    KeStallExecutionProcessor(ACCESS_DELAY);
    WRITE_PORT_UCHAR(pPorts + DATA_PORT, bValue);
    KeStallExecutionProcessor(ACCESS_DELAY);
}

// Timer 1 runs out after 80 us if there is a chip; bits that an OPL3 keeps low are high on its ancestor.
BOOLEAN CMiniportMidiFmSynth::DetectChip(void) {
    WriteRegister(REG_TIMER_CONTROL, TIMER_MASK_BOTH);
    WriteRegister(REG_TIMER_CONTROL, TIMER_RESET);
    BYTE bBefore = ReadStatus();
    WriteRegister(REG_TIMER1, 0xFF);
    WriteRegister(REG_TIMER_CONTROL, TIMER_START_1);
    KeStallExecutionProcessor(TIMER_DELAY);
    BYTE bAfter = ReadStatus();
    WriteRegister(REG_TIMER_CONTROL, TIMER_MASK_BOTH);
    WriteRegister(REG_TIMER_CONTROL, TIMER_RESET);
    return (bBefore & STATUS_TIMERS) == 0 && (bAfter & STATUS_TIMERS) == STATUS_TIMER_1 &&
           (bAfter & STATUS_OPL2) == 0;
}

// All voices are silent afterwards, and none has a patch.
void CMiniportMidiFmSynth::ResetChip(void) {
    WriteRegister(REG_NEW_MODE, 1);
    WriteRegister(REG_TIMER_CONTROL, TIMER_MASK_BOTH);
    WriteRegister(REG_FOUR_OPERATOR, 0);
    WriteRegister(REG_KEYBOARD_SPLIT, 0);
    WriteRegister(REG_RHYTHM, DEEP_TREMOLO_VIBRATO);
    for (BYTE bVoice = 0; bVoice < NUM_VOICES; bVoice++) {
        WriteRegister(WORD(0xB0 + VoiceAddress(bVoice)), 0);
        for (BYTE bOperator = 0; bOperator < 2; bOperator++) {
            WriteRegister(WORD(0x40 + OperatorAddress(bVoice, bOperator)), LEVEL_SILENT);
        }
        RtlZeroMemory(&m_aVoices[bVoice], sizeof(FMVOICE));
    }
}

void CMiniportMidiFmSynth::WriteOperator(IN BYTE bVoice, IN BYTE bOperator) {
    const FMVOICE* pVoice = &m_aVoices[bVoice];
    const FMOPERATOR* pOperator = &pVoice->pPatch->aOperators[bOperator];
    WORD wAddress = OperatorAddress(bVoice, bOperator);
    BYTE bModes = pOperator->bReg20;
    if (m_aChannels[pVoice->bChannel].bModulation >= 64) bModes |= VIBRATO;
    WriteRegister(WORD(0x20 + wAddress), bModes);
    WriteRegister(WORD(0x60 + wAddress), pOperator->bReg60);
    WriteRegister(WORD(0x80 + wAddress), pOperator->bReg80);
    WriteRegister(WORD(0xE0 + wAddress), pOperator->bRegE0);
}

// What is heard is turned down; a modulator is heard only beside its carrier.
void CMiniportMidiFmSynth::WriteLevels(IN BYTE bVoice) {
    const FMVOICE* pVoice = &m_aVoices[bVoice];
    BYTE bAttenuation = Attenuation(pVoice);
    for (BYTE bOperator = 0; bOperator < 2; bOperator++) {
        BYTE bReg40 = pVoice->pPatch->aOperators[bOperator].bReg40;
        ULONG ulLevel = bReg40 & LEVEL_BITS;
        if (bOperator == 1 || (pVoice->pPatch->bRegC0 & ADDITIVE)) ulLevel += bAttenuation;
        if (ulLevel > LEVEL_SILENT) ulLevel = LEVEL_SILENT;
        WriteRegister(WORD(0x40 + OperatorAddress(bVoice, bOperator)),
                      BYTE((bReg40 & ~LEVEL_BITS) | ulLevel));
    }
}

// The chip can only leave out a side: a channel that is not near the middle is on one of them.
void CMiniportMidiFmSynth::WriteOutputs(IN BYTE bVoice) {
    const FMVOICE* pVoice = &m_aVoices[bVoice];
    BYTE bPan = m_aChannels[pVoice->bChannel].bPan;
    BYTE bOutputs = pVoice->pPatch->bRegC0;
    if (bPan <= 96 && !SideIsMute(0)) bOutputs |= OUTPUT_LEFT;
    if (bPan >= 32 && !SideIsMute(1)) bOutputs |= OUTPUT_RIGHT;
    WriteRegister(WORD(0xC0 + VoiceAddress(bVoice)), bOutputs);
}

void CMiniportMidiFmSynth::WritePitch(IN BYTE bVoice, IN BOOLEAN fKeyOn) {
    FMVOICE* pVoice = &m_aVoices[bVoice];
    const FMCHANNEL* pChannel = &m_aChannels[pVoice->bChannel];

    // In 1/256 semitone.
    LONG lPitch = LONG(pVoice->bPlayed) << 8;
    if (pVoice->bChannel != DRUM_CHANNEL) {
        LONG lRange = (LONG(pChannel->bBendRange) << 8) + pChannel->bBendCents * 256 / 100;
        lPitch += (LONG(pChannel->wBend) - 0x2000) * lRange / 0x2000;
    }
    if (lPitch < 0) lPitch = 0;

    ULONG ulSemitone = ULONG(lPitch >> 8);
    ULONG ulNote = ulSemitone % 12;
    LONG lBlock = LONG(ulSemitone / 12) - 1;
    ULONG ulNumber = g_awFNumbers[ulNote];
    ulNumber += ((g_awFNumbers[ulNote + 1] - ulNumber) * (lPitch & 0xFF)) >> 8;
    for (; lBlock < 0; lBlock++) ulNumber >>= 1;
    for (; lBlock > LARGEST_BLOCK; lBlock--) ulNumber <<= 1;
    ulNumber = (ulNumber + 32) >> 6;
    // Beyond its highest note the chip plays an octave lower.
    while (ulNumber > LARGEST_FNUMBER) ulNumber >>= 1;

    pVoice->bRegB0 = BYTE((fKeyOn ? KEY_ON : 0) | (lBlock << 2) | (ulNumber >> 8));
    WriteRegister(WORD(0xA0 + VoiceAddress(bVoice)), BYTE(ulNumber));
    WriteRegister(WORD(0xB0 + VoiceAddress(bVoice)), pVoice->bRegB0);
}

// The pitch stays: what decays goes on sounding.
void CMiniportMidiFmSynth::WriteKeyOff(IN BYTE bVoice) {
    FMVOICE* pVoice = &m_aVoices[bVoice];
    pVoice->bRegB0 &= ~KEY_ON;
    WriteRegister(WORD(0xB0 + VoiceAddress(bVoice)), pVoice->bRegB0);
}
