package render

// The folders of a host's backups. Both are the database user's.
const (
	Dumps         = "/var/backups/minifb"
	BackupMetrics = "/var/lib/minifb-metrics"
)

// A job has the values of job.tmpl: a program that the database's user runs at a time of each day.
type job struct {
	Name        string // the unit is minifb-<name>
	Description string
	After       string // a unit that ends before this one starts, if both are to start
	Command     string
	Folders     string // where it may write
	Network     bool   // it may use the network
	Time        string // an expression of systemd's OnCalendar
	Optional    bool   // not every host runs it
}

// jobs run every night. Each writes its metrics into <name>.prom of the folder BackupMetrics.
var jobs = []job{
	{
		Name: "backup", Description: "dump the database", Time: "*-*-* 02:30:00",
		Command: "/usr/local/lib/minifb/backup " + Dumps + " " + BackupMetrics, Folders: Dumps + " " + BackupMetrics,
	},
	{
		Name: "restore-check", Description: "restore the newest dump, and check it", Time: "*-*-* 03:30:00",
		After:   "minifb-backup.service",
		Command: "/usr/local/lib/minifb/restore-check " + Dumps + " " + BackupMetrics, Folders: BackupMetrics,
	},
	{
		Name: "archive", Description: "back the database up to another machine", Time: "*-*-* 04:30:00",
		Command: "/usr/local/lib/minifb/archive-backup " + BackupMetrics, Network: true, Optional: true,
		Folders: BackupMetrics + " /var/lib/pgbackrest /var/log/pgbackrest /var/spool/pgbackrest",
	},
}

// BackupUnits returns the systemd units of a host with a PostgreSQL of its own, by file name: those of
// the nightly backup, of its check, and of the backup by pgBackRest, which scripts/setup enables where
// the operator has configured a repository; and minifb-failed@, which runs the operator's
// /etc/minifb/on-failure when one of them fails.
func BackupUnits() (map[string]string, error) {
	all := unitFiles{}
	if err := all.add("minifb-failed@.service", "failed", nil); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if err := all.add("minifb-"+j.Name+".service", "job", j); err != nil {
			return nil, err
		}
		nightly := timer{
			Description: j.Description + ", every night",
			Times:       []string{"OnCalendar=" + j.Time, "Persistent=true"},
		}
		if err := all.add("minifb-"+j.Name+".timer", "timer", nightly); err != nil {
			return nil, err
		}
	}
	return all, nil
}
