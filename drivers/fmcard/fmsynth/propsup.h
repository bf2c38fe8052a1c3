// What the handlers of audio properties have in common: levels and switches, a LONG or BOOL for each channel.
#ifndef _PROPSUP_H_
#define _PROPSUP_H_

#include <portcls.h>

// The properties' own way to name a channel: -1 are all of them.
#define CHANNEL_MASTER (-1L)

// Answers a basic support query of a property with one value for each of Channels channels: the access flags,
// or a description with a stepped range a channel.
NTSTATUS BasicSupportHandler(IN PPCPROPERTY_REQUEST PropertyRequest, IN ULONG ulType, IN LONG lStep,
                             IN LONG lMinimum, IN LONG lMaximum, IN ULONG Channels);

// Reads the channel of a get or a set, and makes sure that its value can hold a LONG.
NTSTATUS ValidateRequest(IN PPCPROPERTY_REQUEST PropertyRequest, IN ULONG Channels, OUT PLONG plChannel);

#endif
