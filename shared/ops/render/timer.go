package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"minifb/shared/ops/sam"
)

var (
	rate = regexp.MustCompile(`^rate\(([1-9]\d{0,3}) (minute|hour|day)s?\)$`)
	cron = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
	// cronField matches the fields that systemd can express: a number, a range, a step, or a list of
	// these. AWS's L, W and # are refused.
	cronField = regexp.MustCompile(`^(\*|\d+(-\d+)?)(/\d+)?(,(\d+(-\d+)?)(/\d+)?)*$`)
)

var (
	monthNumbers = strings.NewReplacer("JAN", "1", "FEB", "2", "MAR", "3", "APR", "4", "MAY", "5", "JUN", "6",
		"JUL", "7", "AUG", "8", "SEP", "9", "OCT", "10", "NOV", "11", "DEC", "12")
	// AWS counts the days of the week from 1, Sunday; systemd writes their names.
	weekdayNumbers = strings.NewReplacer("SUN", "1", "MON", "2", "TUE", "3", "WED", "4",
		"THU", "5", "FRI", "6", "SAT", "7")
	weekdayNames = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)

// Interval returns the pause between two calls of a schedule outside Lambda. It returns false for
// cron(…), which has times instead.
func Interval(s sam.Schedule) (time.Duration, bool) {
	if s.Every > 0 {
		return s.Every, true
	}
	m := rate.FindStringSubmatch(s.Expression)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
	return time.Duration(n) * unit, err == nil
}

// timerSettings returns the lines of a systemd timer for a schedule: its interval, or the times of
// cron(minutes hours day-of-month month day-of-week year), which are in UTC, as on AWS.
func timerSettings(s sam.Schedule) ([]string, error) {
	if every, ok := Interval(s); ok {
		interval := fmt.Sprintf("%.0fs", every.Seconds())
		return []string{"OnActiveSec=" + interval, "OnUnitActiveSec=" + interval}, nil
	}
	expression := s.Expression
	m := cron.FindStringSubmatch(expression)
	if m == nil {
		return nil, fmt.Errorf("%s is neither rate(5 minutes), of 1 to 9999, nor cron(…) with six fields", expression)
	}
	fields := m[1:]
	fields[3] = monthNumbers.Replace(fields[3])
	fields[4] = weekdayNumbers.Replace(fields[4])
	for i, field := range fields {
		if field == "?" {
			fields[i] = "*"
		} else if !cronField.MatchString(field) {
			return nil, fmt.Errorf("%s: systemd cannot express %q; use numbers, names, * , - and /", expression, field)
		}
	}
	weekdays, err := timerWeekdays(fields[4])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	// systemd writes a range as 1..5, and a step from the field's least value as 0/10.
	for i, least := range []string{"0", "0", "1", "1", "", "1970"} {
		field := strings.ReplaceAll(fields[i], "-", "..")
		if step, ok := strings.CutPrefix(field, "*/"); ok {
			field = least + "/" + step
		}
		fields[i] = field
	}
	minute, hour, day, month, year := fields[0], fields[1], fields[2], fields[3], fields[5]
	return []string{fmt.Sprintf("OnCalendar=%s%s-%s-%s %s:%s:00 UTC", weekdays, year, month, day, hour, minute)}, nil
}

// timerWeekdays returns AWS's numbers of days of the week as systemd's names, with a space after
// them. It returns "" where every day is meant.
func timerWeekdays(field string) (string, error) {
	if field == "*" {
		return "", nil
	}
	var list []string
	for part := range strings.SplitSeq(field, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		last := first
		if isRange && err == nil {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 1 || last > 7 || first > last {
			return "", fmt.Errorf("%q is not a day of the week; write 1-7 or SUN-SAT", part)
		}
		list = append(list, weekdayNames[first-1:last]...)
	}
	return strings.Join(list, ",") + " ", nil
}
