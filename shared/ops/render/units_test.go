package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// confined are the lines that keep a process from what it does not need.
var confined = []string{
	"LimitNOFILE=16384", "LimitCORE=0", "OOMPolicy=kill", "UMask=0077", "NoNewPrivileges=yes", "CapabilityBoundingSet=",
	"AmbientCapabilities=", "ProtectSystem=strict", "ProtectHome=yes", "ProtectProc=invisible", "ProcSubset=pid",
	"ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes",
	"ProtectKernelModules=yes", "ProtectKernelTunables=yes", "PrivateDevices=yes", "DevicePolicy=closed",
	"PrivateTmp=yes", "PrivateUsers=yes", "KeyringMode=private", "LockPersonality=yes",
	"MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
	"SystemCallArchitectures=native", "SystemCallFilter=@system-service",
	"SystemCallFilter=~@privileged @resources @mount @debug @obsolete", "SystemCallErrorNumber=EPERM",
}

// checkUnit compares the sections of a unit with the lines that they must have, in any order. What follows from the
// template's variables and descriptions is left out.
func checkUnit(t *testing.T, name, text string, want map[string][]string) {
	t.Helper()
	got := map[string][]string{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, _, _ := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case key == "Description" || key == "Environment" || key == "LoadCredential":
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
			got[section] = nil
		default:
			got[section] = append(got[section], line)
		}
	}
	for section := range got {
		if want[section] == nil {
			t.Errorf("%s has a section [%s]", name, section)
		}
	}
	for section, lines := range want {
		for _, line := range lines {
			if i := slices.Index(got[section], line); i < 0 {
				t.Errorf("%s: [%s] lacks %s", name, section, line)
			} else {
				got[section] = slices.Delete(got[section], i, i+1)
			}
		}
		if len(got[section]) > 0 {
			t.Errorf("%s: [%s] also has %q", name, section, got[section])
		}
	}
}

// Each line of the units counts: one that is missing confines a process less, or keeps it from starting at boot.
func TestEachLineOfTheUnits(t *testing.T) {
	t.Parallel()
	template, err := sam.Load("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	units, err := render.Units(template)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range template.Functions {
		unit := "minifb-" + f.Area
		service := slices.Concat(confined, []string{
			"Type=notify", "TimeoutStartSec=10", "TimeoutStopSec=20", "KillMode=mixed", "KillSignal=SIGTERM",
			"EnvironmentFile=/etc/minifb/minifb.env", "EnvironmentFile=-/etc/minifb/" + f.Area + ".env",
			fmt.Sprintf("MemoryMax=%dM", f.MemoryMB), "MemorySwapMax=0", "TasksMax=256",
			fmt.Sprintf("CPUQuota=%d%%", 100*max(1, f.MemoryMB/256)),
			"DynamicUser=yes", "RemoveIPC=yes", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
		})
		after := []string{"After=network.target " + unit + ".socket", "StartLimitIntervalSec=0"}
		behindSocket := append(slices.Clip(after), "Requires="+unit+".socket")
		deployed := "ConditionPathExists=/opt/minifb/" + f.Area + "/current/bootstrap"
		next := "ExecStart=/opt/minifb/" + f.Area + "/next/bootstrap"
		for name, want := range map[string]map[string][]string{
			unit + ".service": {
				"Unit": append(slices.Clip(behindSocket), deployed),
				"Service": append(slices.Clip(service), "Sockets="+unit+".socket", "Restart=always", "RestartSec=100ms",
					"ExecStart=/opt/minifb/"+f.Area+"/current/bootstrap"),
				"Install": {"WantedBy=multi-user.target"},
			},
			unit + "-next.service": {
				"Unit":    behindSocket,
				"Service": append(slices.Clip(service), "Sockets="+unit+".socket", next),
			},
			unit + "-check.service": {
				"Unit": after,
				"Service": append(slices.Clip(service), next, "RuntimeDirectoryMode=0700",
					"RuntimeDirectory="+unit+"-check"),
			},
			unit + ".socket": {
				"Unit": {deployed},
				"Socket": {
					"ListenStream=/run/minifb/" + f.Area + ".sock", "SocketUser=root", "SocketGroup=www-data",
					"SocketMode=0660", "Backlog=4096", "RemoveOnStop=yes",
				},
				"Install": {"WantedBy=sockets.target"},
			},
		} {
			n++
			checkUnit(t, name, units[name], want)
		}
	}
	for name, want := range map[string]map[string][]string{
		"minifb-maintenance-maintenance.service": {
			"Unit": {"After=network.target minifb-maintenance.socket", "StartLimitIntervalSec=0"},
			"Service": append(slices.Clip(confined), "Type=oneshot", "TimeoutStartSec=70", "TimeoutStopSec=20",
				"ExecStart=/usr/bin/curl --fail-with-body --silent --show-error --max-time 61 "+
					"--unix-socket /run/minifb/maintenance.sock --request POST http://localhost/schedule/maintenance",
				"KillMode=mixed", "KillSignal=SIGTERM", "MemoryMax=64M", "MemorySwapMax=0", "CPUQuota=100%",
				"TasksMax=256", "RemoveIPC=yes", "DynamicUser=yes", "SupplementaryGroups=www-data",
				"PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX"),
		},
		"minifb-maintenance-maintenance.timer": {
			"Unit":    {"ConditionPathExists=/opt/minifb/maintenance/current/bootstrap"},
			"Timer":   {"OnActiveSec=10s", "OnUnitActiveSec=10s", "AccuracySec=1s"},
			"Install": {"WantedBy=timers.target"},
		},
	} {
		n++
		checkUnit(t, name, units[name], want)
	}
	if n != len(units) {
		t.Errorf("%d of %d units are compared", n, len(units))
	}
}

// Backups and their checks run confined as the database's user, write only where they have to, and tell of a failure.
func TestEachLineOfTheUnitsOfBackups(t *testing.T) {
	t.Parallel()
	units, err := render.BackupUnits()
	if err != nil {
		t.Fatal(err)
	}
	job := slices.Concat(confined, []string{
		"Type=oneshot", "User=postgres", "TimeoutStartSec=6h", "Nice=10", "IOSchedulingClass=idle", "MemoryMax=1G",
		"TasksMax=64",
	})
	local := append(slices.Clip(job), "PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX")
	unit := []string{"After=postgresql.service", "OnFailure=minifb-failed@%N.service"}
	// After nights without power, the timers start both at once.
	afterBackup := []string{"After=postgresql.service minifb-backup.service", unit[1]}
	const folders = "/var/backups/minifb /var/lib/minifb-metrics"
	timer := func(time string) map[string][]string {
		return map[string][]string{
			"Unit": {}, "Timer": {"OnCalendar=*-*-* " + time, "Persistent=true", "AccuracySec=1s"},
			"Install": {"WantedBy=timers.target"},
		}
	}
	wants := map[string]map[string][]string{
		"minifb-backup.service": {"Unit": unit, "Service": append(slices.Clip(local),
			"ExecStart=/usr/local/lib/minifb/backup "+folders, "ReadWritePaths="+folders)},
		"minifb-restore-check.service": {"Unit": afterBackup, "Service": append(slices.Clip(local),
			"ExecStart=/usr/local/lib/minifb/restore-check "+folders, "ReadWritePaths=/var/lib/minifb-metrics")},
		"minifb-archive.service": {"Unit": unit, "Service": append(slices.Clip(job),
			"ExecStart=/usr/local/lib/minifb/archive-backup /var/lib/minifb-metrics",
			"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
			"ReadWritePaths=/var/lib/minifb-metrics /var/lib/pgbackrest /var/log/pgbackrest /var/spool/pgbackrest")},
		"minifb-archive.timer":       timer("04:30:00"),
		"minifb-backup.timer":        timer("02:30:00"),
		"minifb-restore-check.timer": timer("03:30:00"),
		"minifb-failed@.service": {
			"Unit":    {"ConditionFileIsExecutable=/etc/minifb/on-failure"},
			"Service": {"Type=oneshot", "ExecStart=/etc/minifb/on-failure %i", "TimeoutStartSec=60"},
		},
	}
	for name, want := range wants {
		checkUnit(t, name, units[name], want)
		if strings.Contains(units[name], "\nRemoveIPC=") {
			t.Errorf("the end of %s removes the shared memory of PostgreSQL", name)
		}
	}
	if len(units) != len(wants) {
		t.Errorf("%d of %d units are compared", len(wants), len(units))
	}
}
