// Messages, voices and the card's registers. The lock is held, but where it says otherwise.
#include "wavetable.h"

// A voice's registers lie behind its number.
void CMiniportMidiWavetable::WriteVoice(ULONG Voice, ULONG Register, ULONG Value) {
    WRITE_PORT_USHORT((PUSHORT)(m_PortBase + REG_VOICE), (USHORT)Voice);
    WRITE_PORT_USHORT((PUSHORT)(m_PortBase + Register), (USHORT)Value);
}

void CMiniportMidiWavetable::SilenceVoice(ULONG Voice) {
    m_Voices[Voice].Sounds = FALSE;
    if (!m_PoweredDown) WriteVoice(Voice, REG_CONTROL, 0);
}

void CMiniportMidiWavetable::SilenceAll(void) {
    for (ULONG i = 0; i < NUM_VOICES; i++) SilenceVoice(i);
}

// One that is silent, else the oldest that is released, else the oldest.
ULONG CMiniportMidiWavetable::FindVoice(void) {
    ULONG best = 0;
    for (ULONG i = 0; i < NUM_VOICES; i++) {
        PVOICE voice = &m_Voices[i];
        if (!voice->Sounds) return i;
        BOOLEAN better =
            voice->Released == m_Voices[best].Released ? voice->Age < m_Voices[best].Age : voice->Released;
        if (better) best = i;
    }
    return best;
}

void CMiniportMidiWavetable::NoteOn(UCHAR Channel, UCHAR Note, UCHAR Velocity) {
    ULONG i = FindVoice();
    PVOICE voice = &m_Voices[i];
    PPATCH patch = &m_Bank.Patches[m_Programs[Channel]];
    if (voice->Sounds) SilenceVoice(i);
    voice->Sounds = TRUE;
    voice->Released = FALSE;
    voice->Channel = Channel;
    voice->Note = Note;
    voice->Age = ++m_Age;
    voice->Volume = m_Attenuations[Velocity];
    voice->FadeStep = patch->Fade * 256;

    ULONG start = m_SamplesAt.LowPart + patch->Wave * WAVE_LENGTH * sizeof(SHORT);
    WriteVoice(i, REG_START_LOW, start & 0xFFFF);
    WriteVoice(i, REG_START_HIGH, start >> 16);
    WriteVoice(i, REG_LENGTH, WAVE_LENGTH);
    WriteVoice(i, REG_PITCH, m_Pitches[Note]);
    WriteVoice(i, REG_VOLUME, voice->Volume);
    WriteVoice(i, REG_CONTROL, CONTROL_KEY);
}

void CMiniportMidiWavetable::NoteOff(UCHAR Channel, UCHAR Note) {
    for (ULONG i = 0; i < NUM_VOICES; i++) {
        PVOICE voice = &m_Voices[i];
        if (!voice->Sounds || voice->Released || voice->Channel != Channel || voice->Note != Note) continue;
        voice->Released = TRUE;
        StartFading();
    }
}

void CMiniportMidiWavetable::StartFading(void) {
    if (m_TimerRuns) return;
    m_TimerRuns = TRUE;
    LARGE_INTEGER due;
    due.QuadPart = -FADE_PERIOD_MS * 10000LL;
    KeSetTimer(&m_FadeTimer, due, &m_FadeDpc);
}

// Takes the lock. Fades what is released, and comes again while there is something.
VOID NTAPI CMiniportMidiWavetable::FadeDpc(PKDPC, PVOID Context, PVOID, PVOID) {
    CMiniportMidiWavetable* that = (CMiniportMidiWavetable*)Context;
    BOOLEAN more = FALSE;
    KeAcquireSpinLockAtDpcLevel(&that->m_Lock);
    for (ULONG i = 0; i < NUM_VOICES; i++) {
        PVOICE voice = &that->m_Voices[i];
        if (!voice->Sounds || !voice->Released) continue;
        voice->Volume += voice->FadeStep;
        if (voice->Volume >= SILENCE) {
            that->SilenceVoice(i);
        } else {
            that->WriteVoice(i, REG_VOLUME, voice->Volume);
            more = TRUE;
        }
    }
    that->m_TimerRuns = FALSE;
    if (more && !that->m_PoweredDown) that->StartFading();
    KeReleaseSpinLockFromDpcLevel(&that->m_Lock);
}

// Takes the lock.
void CMiniportMidiWavetable::ShortMessage(UCHAR Status, UCHAR Data1, UCHAR Data2) {
    UCHAR channel = Status & 0x0F;
    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    if (!m_PoweredDown) {
        switch (Status & 0xF0) {
            case 0x90:
                if (Data2) {
                    NoteOn(channel, Data1, Data2);
                    break;
                }
                // A note on without velocity is a note off.
            case 0x80:
                NoteOff(channel, Data1);
                break;
            case 0xB0:
                if (Data1 == 120 || Data1 == 123) {
                    for (ULONG i = 0; i < NUM_VOICES; i++) {
                        if (m_Voices[i].Sounds && m_Voices[i].Channel == channel) SilenceVoice(i);
                    }
                }
                break;
            case 0xC0:
                m_Programs[channel] = Data1;
                break;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
}
