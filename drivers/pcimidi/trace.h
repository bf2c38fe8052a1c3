// Tracing by WPP: the preprocessor makes NAME.tmh of each NAME.cpp, from what the block below says.
#pragma once

#define WPP_CONTROL_GUIDS                                                             \
    WPP_DEFINE_CONTROL_GUID(PciMidiTrace, (6d1f3a52, 91c4, 4f0e, a7d3, 2b86c05e94f1), \
                            WPP_DEFINE_BIT(TRACE_INIT) WPP_DEFINE_BIT(TRACE_POWER)    \
                                WPP_DEFINE_BIT(TRACE_STREAM))

#define WPP_LEVEL_FLAGS_LOGGER(Level, Flags) WPP_LEVEL_LOGGER(Flags)
#define WPP_LEVEL_FLAGS_ENABLED(Level, Flags) \
    (WPP_LEVEL_ENABLED(Flags) && WPP_CONTROL(WPP_BIT_##Flags).Level >= Level)

// begin_wpp config
// FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);
// end_wpp
