# The steps of a deploy, rollback, retire, drain, undrain, status or releases (VERB), on the host.
# scripts/deploy sends this file with assignments of these variables in front: VERB, AREA, ROOT, PROBE;
# for a deploy HASH and MIGRATE; for a rollback TO. The release arrives as a tar on the standard input.
# With ROOT set, the host is that folder of this machine, which scripts/supervise serves.
#
# Each function has three units:
#   minifb-AREA        serves the release of the link `current`, at the function's socket
#   minifb-AREA-check  runs the release of the link `next`, at a socket that no client reaches
#   minifb-AREA-next   serves the release of the link `next` at the function's socket, beside
#                      minifb-AREA, while that restarts
#
# A release that must not serve has a file `bad`, which says why: it has not served yet, a rollback
# has passed it, or it has failed the check of a rollback. So the release that serves is the newest
# without that file, and a rollback goes to the next older one without it.

set -u
# A deploy that has begun is completed, even if the connection to the operator is lost.
trap '' HUP INT PIPE
# A deploy must not slow requests down.
renice -n 10 -p $$ >/dev/null 2>&1 || :

if [ -n "$ROOT" ]; then
	base=$ROOT/opt run=$ROOT/run etc=$ROOT/etc nginx=$ROOT/nginx check=$ROOT/run/$AREA-check.sock
else
	base=/opt/minifb run=/run/minifb etc=/etc/minifb nginx=/etc/nginx check=/run/minifb-$AREA-check/http.sock
fi
dir=$base/$AREA live=$run/$AREA.sock
body=$(mktemp) || exit 1
part=
trap 'rm -rf "$body" ${part:+"$part"}' EXIT

say() { echo "$*" 2>/dev/null || :; }

die() {
	say "$AREA: $*"
	exit 1
}

# unit start|stop|restart NAME controls minifb-NAME. It returns when the process is ready or has
# ended.
unit() {
	if [ -n "$ROOT" ]; then
		curl -sS --fail-with-body --max-time 60 --unix-socket "$run/control.sock" -X POST "http://host/$1/$2"
	else
		systemctl --quiet "$1" "minifb-$2.service"
	fi
}

# state NAME prints the state of minifb-NAME: active or not, process id, since when.
state() {
	if [ -n "$ROOT" ]; then
		curl -s --max-time 5 --unix-socket "$run/control.sock" http://host/units | sed -n "s/^$1 //p"
	else
		systemctl show --property=ActiveState,MainPID,ActiveEnterTimestamp "minifb-$1.service" |
			awk -F= '{ v[$1] = $2 } END { print v["ActiveState"], v["MainPID"], v["ActiveEnterTimestamp"] }'
	fi
}

# log NAME prints the last lines that minifb-NAME has logged.
log() {
	if [ -n "$ROOT" ]; then
		tail -n 5 "$ROOT/log/$1.log" 2>/dev/null
	else
		journalctl --no-pager --output=cat --lines=5 --unit="minifb-$1.service" 2>/dev/null
	fi
}

# timers start|stop controls the timers of AREA's schedules. A folder's schedules follow its function.
timers() {
	[ -z "$ROOT" ] || return 0
	for timer in /etc/systemd/system/minifb-"$AREA"-*.timer; do
		[ ! -e "$timer" ] || systemctl --quiet "$1" "$(basename "$timer")"
	done
}

# failures prints why the last call of each schedule of AREA failed, if it did: the beginning, as every task of a
# schedule may have failed. The journal has all.
failures() {
	[ -z "$ROOT" ] || return 0
	for timer in /etc/systemd/system/minifb-"$AREA"-*.timer; do
		[ -e "$timer" ] || continue
		name=$(basename "$timer" .timer)
		case $(systemctl show --property=Result --value "$name.service") in
		success) ;;
		*) journalctl --no-pager --output=cat --lines=20 --unit="$name.service" 2>/dev/null |
			grep -e '"hint"' -e '^curl: ' | tail -n 2 | sed "s/^/  $name: /" | cut -c 1-500 ;;
		esac
	done
}

# get SOCKET PATH prints the status of the response, and writes its body to the file $body.
get() { curl -s -o "$body" -w '%{http_code}' --max-time 3 --unix-socket "$1" "http://minifb$2"; }

# works SOCKET succeeds if the function at the socket becomes ready within 20 tries, and responds to
# PROBE with a status below 500.
works() {
	tries=0
	until [ "$(get "$1" /readyz)" = 200 ]; do
		tries=$((tries + 1))
		if [ $tries -ge 20 ]; then
			say "$AREA is not ready: $(head -c 300 "$body")"
			return 1
		fi
		sleep 0.1
	done
	code=$(get "$1" "$PROBE")
	case $code in
	[234]??) ;;
	*)
		say "$AREA responds to GET $PROBE with $code: $(head -c 300 "$body")"
		return 1
		;;
	esac
}

# link RELEASE NAME makes the link NAME name the release, atomically.
link() { ln -sfn "releases/$1" "$dir/$2.new" && mv -T "$dir/$2.new" "$dir/$2"; }

# live prints the release that the link current names.
live() { basename "$(readlink "$dir/current" 2>/dev/null)" 2>/dev/null; }

# releases prints all releases, the newest first.
releases() { find "$dir/releases" -mindepth 1 -maxdepth 1 -name '2*' -printf '%f\n' | sort -r; }

# older THAN RELEASE and good RELEASE are conditions.
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]; }
good() { [ ! -e "$dir/releases/$1/bad" ]; }

# previous prints the release that a rollback goes to: the newest good one before the live one.
previous() {
	releases | while read -r release; do
		if older "$release" "$(live)" && good "$release"; then
			echo "$release"
			break
		fi
	done
}

# named NAME prints the release of this name, or the newest with this hash.
named() { releases | grep -x -e "$1" -e "[^-]*-$1" | head -n 1; }

# mark RELEASE REASON marks the release as bad.
mark() { echo "$2 at $(date -u +%FT%TZ)" >"$dir/releases/$1/bad"; }

# pass RELEASE marks all good releases that are newer as bad: no later rollback returns to them.
pass() {
	for release in $(releases); do
		older "$1" "$release" && good "$release" && mark "$release" "it was rolled back from"
	done
}

# refuse RELEASE removes a new release that does not work. One that a rollback has tried is kept, and marked,
# unless the live release is not ready either: then the cause may be another, such as the database.
refuse() {
	rm -f "$dir/next"
	if [ "$VERB" = deploy ]; then
		rm -rf "$dir/releases/$1"
	elif [ "$(get "$live" /readyz)" = 200 ]; then
		mark "$1" "it failed the check of a rollback"
	else
		say "$AREA: the live release is not ready either, so $1 is not marked as bad: $(head -c 300 "$body")"
	fi
}

lock() {
	mkdir -p "$dir/releases" || exit 1
	exec 9>"$dir/lock"
	flock -n 9 || die "another deploy or rollback of this function is running; try again when it has ended"
	if [ -L "$dir/previous" ]; then # an earlier version of these steps had this link, and no file `bad`
		[ -z "$(live)" ] || pass "$(live)"
		rm "$dir/previous"
	fi
}

# name sets RELEASE to a name for the new release: the time, by this host's clock, and the hash. Its order
# is that of the deploys.
name() {
	RELEASE=$(date -u +%Y%m%dT%H%M%S.%3N)-$(echo "$HASH" | cut -c 1-12)
	newest=$(releases | head -n 1)
	[ -z "$newest" ] || older "$newest" "$RELEASE" ||
		die "NOT DEPLOYED: the clock of this host is at ${RELEASE%-*}, but its newest release is $newest; set the clock"
}

# receive RELEASE unpacks the release. It writes without the page cache where the disk allows that.
# Otherwise a database on the same disk waits at its next commit until the whole release is on the
# disk, which delays requests by 100 ms and more.
receive() {
	part=$dir/releases/.part # the trap removes it, whatever fails here
	rm -rf "$part"
	mkdir "$part" || exit 1
	direct=
	dd if=/dev/zero of="$part/.probe" bs=4096 count=1 oflag=direct 2>/dev/null && direct=oflag=direct
	rm -f "$part/.probe"
	export part direct
	# shellcheck disable=SC2016 # the shell that tar starts for each file expands it
	write='dd of="$part/$TAR_FILENAME" bs=256k iflag=fullblock $direct status=none && chmod 755 "$part/$TAR_FILENAME"'
	tar -xf - --to-command="$write" || die "the release did not arrive completely"
	[ "$(sha256sum <"$part/bootstrap" | cut -d' ' -f1)" = "$HASH" ] || die "the SHA-256 of the release is wrong"
	echo "it has not served" >"$part/bad"
	mv -T "$part" "$dir/releases/$1" || die "$dir/releases/$1 cannot be created"
}

# migrate RELEASE applies the new migrations with the release's own program, as the owner of the
# tables if the host has a URL for that.
migrate() {
	say "$AREA: migrating the database"
	settings=$etc/migrate.env
	[ -e "$settings" ] || settings=$etc/minifb.env
	# The program reads the file itself: this shell, which is root's, would run the commands in it.
	"$dir/releases/$1/migrate" "$settings" </dev/null || {
		refuse "$1"
		die "NOT DEPLOYED: the migration failed. ${former:-No release} still serves"
	}
	rm -f "$dir/releases/$1/migrate"
}

# fail RELEASE NAME REASON ends a deploy or a rollback, because the release does not work in minifb-NAME.
# If that is minifb-AREA, the former release is started again.
fail() {
	log "$2"
	if [ "$2" != "$AREA" ]; then
		unit stop "$2"
	elif [ -n "$former" ]; then
		link "$former" current
		unit restart "$AREA"
		unit stop "$AREA-next"
	else
		unit stop "$AREA"
		rm -f "$dir/current"
	fi
	[ -n "$ROOT" ] || systemctl --quiet reset-failed "minifb-$AREA-check.service" "minifb-$AREA-next.service" 2>/dev/null
	refuse "$1"
	die "NOT DEPLOYED: the release $1 $3. ${former:-No release} serves"
}

# try RELEASE checks the release in minifb-AREA-check. The serving process is not involved.
try() {
	link "$1" next || die "the link next cannot be set"
	{ unit start "$AREA-check" && works "$check"; } || fail "$1" "$AREA-check" "does not work"
	unit stop "$AREA-check"
}

# switch RELEASE replaces the former release: it starts minifb-AREA-next, restarts minifb-AREA with
# the new release, and stops minifb-AREA-next. So there is always a process that accepts connections
# at the socket. If the new release does not work, the former one is started again.
switch() {
	if [ -n "$former" ]; then
		unit start "$AREA-next" || fail "$1" "$AREA-next" "did not start beside the live one"
	fi
	link "$1" current || die "the link current cannot be set"
	{ unit restart "$AREA" && unit stop "$AREA-next" && works "$live"; } ||
		fail "$1" "$AREA" "did not work at the function's socket"
	rm -f "$dir/next" "$dir/releases/$1/bad"
	[ -n "$former" ] || timers start
}

# prune keeps the five newest good releases, the live one, the one before it, and the newest bad one: somebody may
# want to go back to it after all.
prune() {
	good=0 bad=0
	releases | while read -r release; do
		if good "$release"; then
			good=$((good + 1))
			[ $good -le 5 ] && continue
		else
			bad=$((bad + 1))
			[ $bad -le 1 ] && continue
		fi
		[ "$release" = "$(live)" ] || [ "$release" = "$(previous)" ] || rm -rf "$dir/releases/$release"
	done
}

case $VERB in
deploy)
	lock
	former=$(live)
	name
	receive "$RELEASE"
	[ -z "$MIGRATE" ] || migrate "$RELEASE"
	try "$RELEASE"
	switch "$RELEASE"
	prune
	say "$AREA: $RELEASE serves${former:+ and replaces $former}"
	;;
rollback)
	lock
	former=$(live)
	[ -n "$former" ] || die "no release serves, so that there is nothing to go back from"
	if [ -n "$TO" ]; then
		RELEASE=$(named "$TO")
		[ -n "$RELEASE" ] || die "there is no release $TO; see make releases"
		[ "$RELEASE" != "$former" ] || die "the release $RELEASE serves already"
	else
		RELEASE=$(previous)
		[ -n "$RELEASE" ] || die "there is no good release before $former, which still serves; see make releases"
	fi
	try "$RELEASE"
	switch "$RELEASE"
	pass "$RELEASE"
	prune
	say "$AREA: $RELEASE serves again and replaces $former"
	;;
releases)
	[ -z "$AREA" ] || [ -d "$dir/releases" ] || die "this host has no releases of it"
	printf '%-14s %-34s %-6s %s\n' FUNCTION RELEASE SIZE STATE
	for dir in "$base"/${AREA:-*}/; do
		dir=${dir%/}
		[ -d "$dir/releases" ] || continue
		for release in $(releases); do
			case $release in
			"$(live)") state=live ;;
			"$(previous)") state="previous: make rollback goes to it" ;;
			*) state=$(sed 's/^/bad: /' "$dir/releases/$release/bad" 2>/dev/null || echo older) ;;
			esac
			printf '%-14s %-34s %-6s %s\n' "${dir##*/}" "$release" "$(du -sh "$dir/releases/$release" | cut -f1)" "$state"
		done
	done
	;;
retire)
	[ -d "$dir/releases" ] || die "this host has no releases of it"
	lock
	timers stop
	[ -n "$ROOT" ] || systemctl --quiet stop "minifb-$AREA.socket"
	for name in "$AREA" "$AREA-next" "$AREA-check"; do
		unit stop "$name"
	done
	[ -n "$ROOT" ] || systemctl --quiet reset-failed "minifb-$AREA.*" "minifb-$AREA-*" 2>/dev/null
	rm -rf "$dir"
	say "$AREA is retired: it does not run here any more, and its releases are removed. A deploy brings it back"
	;;
drain)
	grep -qs "location = /health " "$nginx/nginx.conf" || {
		say "this host has no health address to drain; RENDER='-health address:port' scripts/host sets one up"
		exit 1
	}
	touch "$etc/draining" || exit 1
	say "the health address returns 503 from now on. Wait until the load balancer sends nothing more; make undrain ends it"
	;;
undrain)
	rm -f "$etc/draining" || exit 1
	say "the health address returns what the functions say"
	;;
status)
	[ ! -e "$etc/draining" ] || echo "This host is drained: its health address returns 503. make undrain ends it."
	printf '%-14s %-34s %-9s %-8s %-30s %s\n' FUNCTION RELEASE STATE PID SINCE READY
	for dir in "$base"/*/; do
		dir=${dir%/}
		AREA=${dir##*/}
		[ -d "$dir/releases" ] || continue
		# shellcheck disable=SC2046 # state prints several words
		set -- $(state "$AREA")
		active=${1:-unknown} pid=${2:--}
		[ $# -ge 2 ] && shift 2
		case $(get "$run/$AREA.sock" /readyz) in
		200) ready=yes ;;
		000) ready="no response" ;;
		*) ready="no: $(head -c 200 "$body")" ;;
		esac
		printf '%-14s %-34s %-9s %-8s %-30s %s\n' "$AREA" "$(live)" "$active" "$pid" "$*" "$ready"
		failures
	done
	if [ -z "$ROOT" ] && systemctl -q is-enabled minifb-backup.timer 2>/dev/null; then
		if [ -x /usr/local/lib/minifb/backup-status ]; then
			/usr/local/lib/minifb/backup-status || exit 1
		else
			echo "This host cannot say yet whether its backups succeed: run scripts/host for it again."
		fi
	fi
	;;
esac
exit 0
