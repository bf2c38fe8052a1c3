// What the synthesizer nodes answer.
#ifndef _DMUSUART_PROPERTIES_H_
#define _DMUSUART_PROPERTIES_H_

#include <portcls.h>
#include <dmusicks.h>

extern const PCAUTOMATION_TABLE SynthAutomation;

#endif
