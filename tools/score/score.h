// A score in ABC notation, the part of it that examples/music uses, to a MIDI file of type 1.
//
// Header: the fields T, C, M, L, Q, K (keys without accidentals: C, Am, none) and V:id name="...". Then
// lines of music, each "[V:id] notes | notes |".
// - Notes: ^ = _ before A to G and a to g (middle C is C), then , and ', then a length as n, n/m or /. An
//   accidental holds for its pitch to the end of its bar. "-" ties. [CEG]n is a chord, zn a rest, Zn n bars.
// - !ppp! to !fff!: the loudness from there on. !ped!: the pedal up and down again; !ped-up!: up.
// - [Q:1/4=60]: the tempo. [I:MIDI control c v], [I:MIDI program p]: a controller, a program.
// - "%%MIDI channel n", "%%MIDI program p", "%%MIDI control c v" after a line "V:id": how a voice starts.
// - "%%portico sysex F0 ... F7": sent first. The voices' programs and controllers follow an eighth later and
//   the music a quarter later, because a device needs time after a reset.
//
// Every bar must be as long as the meter says.
#pragma once

#include <string_view>

#include "base/result.h"
#include "midi/smf.h"

namespace portico::score {

constexpr std::uint16_t quarter_ticks = 480;

// Errors: bad_input, "NAME:LINE: what".
Result<midi::smf::File> compile(std::string_view text, std::string_view name);

}  // namespace portico::score
