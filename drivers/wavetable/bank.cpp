// Patches and tables. The bank is kept in a file, the tables are computed.
#include "wavetable.h"

#include <math.h>

#define BANK_SIGNATURE 'knaB'
#define PI 3.14159265358979323846

#pragma code_seg("PAGE")

// The families of General MIDI, eight programs each, share the waves.
VOID MakeBank(PBANK Bank) {
    PAGED_CODE();
    Bank->Signature = BANK_SIGNATURE;
    for (ULONG i = 0; i < NUM_PROGRAMS; i++) {
        Bank->Patches[i].Wave = (UCHAR)(i / 8 % NUM_WAVES);
        Bank->Patches[i].Fade = (UCHAR)(1 + i / 32);
    }
}

static NTSTATUS OpenBank(PUNICODE_STRING FileName, ACCESS_MASK Access, ULONG Disposition, PHANDLE File) {
    PAGED_CODE();
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK ioStatus;
    InitializeObjectAttributes(&attributes, FileName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(File, Access | SYNCHRONIZE, &attributes, &ioStatus, NULL, FILE_ATTRIBUTE_NORMAL,
                        FILE_SHARE_READ, Disposition, FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE,
                        NULL, 0);
}

static BOOLEAN IsBank(PBANK Bank) {
    PAGED_CODE();
    if (Bank->Signature != BANK_SIGNATURE) return FALSE;
    for (ULONG i = 0; i < NUM_PROGRAMS; i++) {
        if (Bank->Patches[i].Wave >= NUM_WAVES || Bank->Patches[i].Fade == 0) return FALSE;
    }
    return TRUE;
}

// *Bank changes only when the file is one.
NTSTATUS LoadBank(PUNICODE_STRING FileName, PBANK Bank) {
    PAGED_CODE();
    HANDLE file = NULL;
    NTSTATUS ntStatus = OpenBank(FileName, GENERIC_READ, FILE_OPEN, &file);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    IO_STATUS_BLOCK ioStatus;
    FILE_STANDARD_INFORMATION information;
    PBANK read = NULL;
    ntStatus =
        ZwQueryInformationFile(file, &ioStatus, &information, sizeof(information), FileStandardInformation);
    if (NT_SUCCESS(ntStatus) && information.EndOfFile.QuadPart != sizeof(BANK))
        ntStatus = STATUS_FILE_CORRUPT_ERROR;
    if (NT_SUCCESS(ntStatus)) {
        read = (PBANK)ExAllocatePoolWithTag(PagedPool, sizeof(BANK), WAVETABLE_POOL_TAG);
        if (!read) ntStatus = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(ntStatus)) {
        LARGE_INTEGER offset = {};
        ntStatus = ZwReadFile(file, NULL, NULL, NULL, &ioStatus, read, sizeof(BANK), &offset, NULL);
    }
    if (NT_SUCCESS(ntStatus) && !IsBank(read)) ntStatus = STATUS_FILE_CORRUPT_ERROR;
    if (NT_SUCCESS(ntStatus)) *Bank = *read;
    if (read) ExFreePoolWithTag(read, WAVETABLE_POOL_TAG);
    ZwClose(file);
    return ntStatus;
}

NTSTATUS SaveBank(PUNICODE_STRING FileName, PBANK Bank) {
    PAGED_CODE();
    HANDLE file = NULL;
    NTSTATUS ntStatus = OpenBank(FileName, GENERIC_WRITE, FILE_OVERWRITE_IF, &file);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    IO_STATUS_BLOCK ioStatus;
    LARGE_INTEGER offset = {};
    ntStatus = ZwWriteFile(file, NULL, NULL, NULL, &ioStatus, Bank, sizeof(BANK), &offset, NULL);
    ZwClose(file);
    return ntStatus;
}

static VOID MakeWaves(PSHORT Samples) {
    PAGED_CODE();
    for (ULONG i = 0; i < WAVE_LENGTH; i++) {
        double phase = (double)i / WAVE_LENGTH;
        Samples[i] = (SHORT)(32767.0 * sin(2.0 * PI * phase));
        Samples[WAVE_LENGTH + i] = (SHORT)(32767.0 * (fabs(4.0 * phase - 2.0) - 1.0));
        Samples[2 * WAVE_LENGTH + i] = (SHORT)(32767.0 * (2.0 * phase - 1.0));
        Samples[3 * WAVE_LENGTH + i] = (SHORT)(phase < 0.5 ? 32767 : -32767);
    }
}

// A kernel thread that computes has to keep the registers of whoever it interrupted.
NTSTATUS MakeTables(PSHORT Samples, PUSHORT Pitches, PUSHORT Attenuations) {
    PAGED_CODE();
    KFLOATING_SAVE save;
    NTSTATUS ntStatus = KeSaveFloatingPointState(&save);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    MakeWaves(Samples);
    for (ULONG note = 0; note < 128; note++) {
        double hertz = 440.0 * pow(2.0, ((double)note - 69.0) / 12.0);
        Pitches[note] = (USHORT)(hertz * WAVE_LENGTH / CARD_RATE * 2048.0 + 0.5);
    }
    Attenuations[0] = SILENCE;
    for (ULONG velocity = 1; velocity < 128; velocity++) {
        double decibels = 40.0 * log10(127.0 / (double)velocity);
        Attenuations[velocity] = (USHORT)(decibels * 256.0);
    }
    KeRestoreFloatingPointState(&save);
    return ntStatus;
}
