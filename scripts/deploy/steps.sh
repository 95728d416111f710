# Runs on the host, or on this machine with ROOT set; scripts/deploy sends it with its variables before it: VERB, AREA, ROOT, and
# for a deploy RELEASE, HASH, PROBE and MIGRATE. What is to be deployed comes as a tar on the standard input.

set -u
# A deploy that has begun is brought to its end, whether or not anybody still listens.
trap '' HUP INT PIPE
# Requests come first.
renice -n 10 -p $$ >/dev/null 2>&1 || :

if [ -n "$ROOT" ]; then
	base=$ROOT/opt run=$ROOT/run etc=$ROOT/etc check=$ROOT/run/$AREA-check.sock
else
	base=/opt/minifb run=/run/minifb etc=/etc/minifb check=/run/minifb-$AREA-check/http.sock
fi
dir=$base/$AREA live=$run/$AREA.sock
body=$(mktemp) || exit 1
trap 'rm -f "$body"' EXIT

say() { echo "$*" 2>/dev/null || :; }

die() {
	say "$AREA: $*"
	exit 1
}

# unit start|stop|restart post|post-next|post-check returns when the process is ready, or has ended.
unit() {
	if [ -n "$ROOT" ]; then
		curl -sS --fail-with-body --max-time 60 --unix-socket "$run/control.sock" -X POST "http://host/$1/$2"
	else
		systemctl --quiet "$1" "minifb-$2.service"
	fi
}

# state post prints: active pid since
state() {
	if [ -n "$ROOT" ]; then
		curl -s --max-time 5 --unix-socket "$run/control.sock" http://host/units | sed -n "s/^$1 //p"
	else
		systemctl show --property=ActiveState,MainPID,ActiveEnterTimestamp "minifb-$1.service" |
			awk -F= '{ v[$1] = $2 } END { print v["ActiveState"], v["MainPID"], v["ActiveEnterTimestamp"] }'
	fi
}

log() {
	if [ -n "$ROOT" ]; then
		tail -n 5 "$ROOT/log/$AREA.log" 2>/dev/null
	else
		journalctl --no-pager --output=cat --lines=5 --unit="minifb-$1.service" 2>/dev/null
	fi
}

# ask SOCKET PATH prints the answer's status; its body is in $body.
ask() { curl -s -o "$body" -w '%{http_code}' --max-time 3 --unix-socket "$1" "http://minifb$2"; }

# works SOCKET: it is ready, and answers the probe.
works() {
	tries=0
	until [ "$(ask "$1" /readyz)" = 200 ]; do
		tries=$((tries + 1))
		if [ $tries -ge 20 ]; then
			say "$AREA is not ready: $(head -c 300 "$body")"
			return 1
		fi
		sleep 0.1
	done
	code=$(ask "$1" "$PROBE")
	case $code in
	[234]??) ;;
	*)
		say "$AREA answers GET $PROBE with $code: $(head -c 300 "$body")"
		return 1
		;;
	esac
}

# link RELEASE NAME points the name at the release at once, without a moment in between.
link() { ln -sfn "releases/$1" "$dir/$2.new" && mv -T "$dir/$2.new" "$dir/$2"; }

linked() { basename "$(readlink "$dir/$1" 2>/dev/null)" 2>/dev/null; }

lock() {
	mkdir -p "$dir/releases" || exit 1
	exec 9>"$dir/lock"
	flock -n 9 || die "another deploy or rollback of it is under way; try again when that has ended"
}

# receive RELEASE writes past the page cache where it can. Else a database on the same disk waits, at its next commit, until all of
# the release has been written: 100 ms and more of every request's time.
receive() {
	part=$dir/releases/.part
	rm -rf "$part"
	mkdir "$part" || exit 1
	past=
	dd if=/dev/zero of="$part/.probe" bs=4096 count=1 oflag=direct 2>/dev/null && past=oflag=direct
	rm -f "$part/.probe"
	export part past
	# shellcheck disable=SC2016 # for the shell that tar starts for each file
	tar -xf - --to-command='dd of="$part/$TAR_FILENAME" bs=256k iflag=fullblock $past status=none && chmod 755 "$part/$TAR_FILENAME"' ||
		die "the release did not arrive whole"
	[ "$(sha256sum <"$part/bootstrap" | cut -d' ' -f1)" = "$HASH" ] || die "the release arrived damaged"
	mv -T "$part" "$dir/releases/$1" || die "the release $1 cannot be put in its place"
}

migrate() {
	say "$AREA: migrating the database"
	(
		set -a
		# shellcheck disable=SC1091 # there on the host alone
		. "$etc/minifb.env"
		set +a
		"$dir/releases/$1/migrate"
	) </dev/null || die "the migration failed; nothing was switched, and the former release runs on"
}

# try RELEASE runs it where no caller comes, and takes it away where it does not work. What serves is not touched.
try() {
	link "$1" next || die "the link to the release cannot be set"
	if unit start "$AREA-check" && works "$check"; then
		unit stop "$AREA-check"
		return
	fi
	unit stop "$AREA-check"
	log "$AREA-check"
	[ -n "$ROOT" ] || systemctl --quiet reset-failed "minifb-$AREA-check.service"
	[ "$VERB" = deploy ] && rm -rf "$dir/releases/$1"
	die "NOT DEPLOYED: the release $1 does not work. Nothing was switched: ${former:-nothing} runs on"
}

# switch RELEASE serves it in place of the former one. While the one process is exchanged for the other, a second one of the new release
# takes what arrives at their socket.
switch() {
	if [ -n "$former" ]; then
		unit start "$AREA-next" || die "NOT DEPLOYED: the release $1 did not start beside the former one, which runs on"
	fi
	link "$1" current || die "the link to the release cannot be set"
	if unit restart "$AREA" && unit stop "$AREA-next" && works "$live"; then
		[ -n "$former" ] && link "$former" previous
		return
	fi
	log "$AREA"
	if [ -n "$former" ]; then
		link "$former" current
		unit restart "$AREA"
	else
		unit stop "$AREA"
		rm -f "$dir/current"
	fi
	unit stop "$AREA-next"
	[ -n "$ROOT" ] || systemctl --quiet reset-failed "minifb-$AREA-next.service" 2>/dev/null
	die "NOT DEPLOYED: the release $1 failed as it took over, and ${former:-nothing} runs again"
}

# prune leaves the five newest releases, and those that are linked.
prune() {
	find "$dir/releases" -mindepth 1 -maxdepth 1 -name '2*' -printf '%f\n' | sort | head -n -5 | while read -r old; do
		[ "$old" = "$(linked current)" ] || [ "$old" = "$(linked previous)" ] || rm -rf "$dir/releases/$old"
	done
}

case $VERB in
deploy)
	lock
	former=$(linked current)
	receive "$RELEASE"
	[ -z "$MIGRATE" ] || migrate "$RELEASE"
	try "$RELEASE"
	switch "$RELEASE"
	prune
	say "$AREA: $RELEASE serves${former:+, in place of $former}"
	;;
rollback)
	lock
	former=$(linked current)
	RELEASE=$(linked previous)
	[ -n "$RELEASE" ] || die "there is no release to go back to"
	try "$RELEASE"
	switch "$RELEASE"
	say "$AREA: went back to $RELEASE from $former"
	;;
status)
	printf '%-14s %-34s %-9s %-8s %-30s %s\n' FUNCTION RELEASE STATE PID SINCE READY
	for dir in "$base"/*/; do
		dir=${dir%/}
		AREA=${dir##*/}
		[ -d "$dir/releases" ] || continue
		# shellcheck disable=SC2046 # words
		set -- $(state "$AREA")
		active=${1:-unknown} pid=${2:--}
		[ $# -ge 2 ] && shift 2
		case $(ask "$run/$AREA.sock" /readyz) in
		200) ready=yes ;;
		000) ready="no answer" ;;
		*) ready="no: $(head -c 200 "$body")" ;;
		esac
		printf '%-14s %-34s %-9s %-8s %-30s %s\n' "$AREA" "$(linked current)" "$active" "$pid" "$*" "$ready"
	done
	;;
esac
exit 0
