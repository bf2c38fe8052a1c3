// System time as a calendar's date and back: 100 ns since 1601-01-01, the Gregorian calendar throughout.
#include "nt/ddi.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

constexpr LONGLONG ms_100ns = 10'000;
constexpr LONGLONG day_ms = 86'400'000;
constexpr int year_min = 1601;
constexpr int year_max = 30827;

bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
int days_in(int year, int month) {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}
// Days from 1601-01-01, a Monday and the first of a cycle of 400 years, to the year's first.
LONGLONG days_before(int year) {
    const LONGLONG y = year - year_min;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

void to_fields(LONGLONG time_100ns, TIME_FIELDS& fields) {
    const LONGLONG ms = time_100ns / ms_100ns;
    LONGLONG day = ms / day_ms;
    auto left = static_cast<int>(ms % day_ms);
    fields.Weekday = static_cast<CSHORT>((day + 1) % 7);
    fields.Milliseconds = static_cast<CSHORT>(left % 1000);
    left /= 1000;
    fields.Second = static_cast<CSHORT>(left % 60);
    left /= 60;
    fields.Minute = static_cast<CSHORT>(left % 60);
    fields.Hour = static_cast<CSHORT>(left / 60);
    int year = year_min + static_cast<int>(day / 366);
    while (days_before(year + 1) <= day) ++year;
    day -= days_before(year);
    int month = 1;
    for (; day >= days_in(year, month); ++month) day -= days_in(year, month);
    fields.Year = static_cast<CSHORT>(year);
    fields.Month = static_cast<CSHORT>(month);
    fields.Day = static_cast<CSHORT>(day + 1);
}

bool is_date(const TIME_FIELDS& f) {
    if (f.Milliseconds < 0 || f.Milliseconds > 999 || f.Second < 0 || f.Second > 59 || f.Minute < 0 ||
        f.Minute > 59 || f.Hour < 0 || f.Hour > 23 || f.Year < year_min || f.Year > year_max || f.Month < 1 ||
        f.Month > 12) {
        return false;
    }
    return f.Day >= 1 && f.Day <= days_in(f.Year, f.Month);
}

LONGLONG from_fields(const TIME_FIELDS& f) {
    LONGLONG days = days_before(f.Year) + f.Day - 1;
    for (int month = 1; month < f.Month; ++month) days += days_in(f.Year, month);
    return (days * day_ms + ((f.Hour * 60 + f.Minute) * 60 + f.Second) * 1000LL + f.Milliseconds) * ms_100ns;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields) {
    DDI(RtlTimeToTimeFields, HIGH_LEVEL);
    rtl::to_fields(Time->QuadPart, *TimeFields);
}

// The day of the week is not looked at. FALSE for what is no date.
BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time) {
    DDI(RtlTimeFieldsToTime, HIGH_LEVEL);
    if (!rtl::is_date(*TimeFields)) return FALSE;
    Time->QuadPart = rtl::from_fields(*TimeFields);
    return TRUE;
}

}  // extern "C"
