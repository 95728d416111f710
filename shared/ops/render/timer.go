package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	rate = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)
	cron = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
	// field is what a field of cron may be here: a number, a range, a step, or several of these. What AWS has
	// beyond, L, W and #, is refused.
	field = regexp.MustCompile(`^(\*|\d+(-\d+)?)(/\d+)?(,(\d+(-\d+)?)(/\d+)?)*$`)
)

var (
	months = strings.NewReplacer("JAN", "1", "FEB", "2", "MAR", "3", "APR", "4", "MAY", "5", "JUN", "6",
		"JUL", "7", "AUG", "8", "SEP", "9", "OCT", "10", "NOV", "11", "DEC", "12")
	days  = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	names = strings.NewReplacer("SUN", "1", "MON", "2", "TUE", "3", "WED", "4", "THU", "5", "FRI", "6", "SAT", "7")
)

// timer is a schedule's expression as a timer unit has it. Times are UTC, as on AWS.
func timer(expression string) ([]string, error) {
	if m := rate.FindStringSubmatch(expression); m != nil {
		if every, err := strconv.Atoi(m[1]); err != nil || every == 0 {
			return nil, fmt.Errorf("%s: name 1 or more", expression)
		}
		unit := map[string]string{"minute": "min", "hour": "h", "day": "d"}[m[2]]
		return []string{"OnActiveSec=" + m[1] + unit, "OnUnitActiveSec=" + m[1] + unit}, nil
	}
	m := cron.FindStringSubmatch(expression)
	if m == nil {
		return nil, fmt.Errorf("%s is neither rate(5 minutes) nor cron with six fields", expression)
	}
	fields := m[1:]
	fields[3] = months.Replace(fields[3])
	fields[4] = names.Replace(fields[4])
	for i, f := range fields {
		if f == "?" {
			fields[i] = "*"
		} else if !field.MatchString(f) {
			return nil, fmt.Errorf("%s: %q cannot be said to systemd; use numbers, names, * , - and /", expression, f)
		}
	}
	weekdays, err := weekdays(fields[4])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	for i, least := range []string{"0", "0", "1", "1", "", "1970"} {
		f := strings.ReplaceAll(fields[i], "-", "..")
		if step, ok := strings.CutPrefix(f, "*/"); ok {
			f = least + "/" + step
		}
		fields[i] = f
	}
	return []string{fmt.Sprintf("OnCalendar=%s%s-%s-%s %s:%s:00 UTC", weekdays, fields[5], fields[3], fields[2], fields[1], fields[0])}, nil
}

// weekdays are AWS's numbers, 1 for Sunday, as systemd's names.
func weekdays(f string) (string, error) {
	if f == "*" {
		return "", nil
	}
	var list []string
	for part := range strings.SplitSeq(f, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		last := first
		if isRange && err == nil {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 1 || last > 7 || first > last {
			return "", fmt.Errorf("%q is no day of the week: name 1-7 or SUN-SAT", part)
		}
		list = append(list, days[first-1:last]...)
	}
	return strings.Join(list, ",") + " ", nil
}
