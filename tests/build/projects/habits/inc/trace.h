#ifndef TRACE_H
#define TRACE_H

// begin_wpp config
// FUNC TraceCard(LEVEL, FLAGS, MSG, ...);
// end_wpp

#define WPP_CONTROL_GUIDS \
    WPP_DEFINE_CONTROL_GUID(Habits, (11111111, 2222, 3333, 4444, 555555555555), WPP_DEFINE_BIT(Card))

#define ENTER(Text) DbgPrint(__FUNCTION__ ": " Text "\n")

#endif
