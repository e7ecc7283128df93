#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/fresh.sh - run both commands of the README on a Debian that has nothing (`make fresh`).
#
#   SUITE=trixie      which Debian: bookworm is 12, trixie is 13
#   STEPS="run test"  only `make setup run`, or only `make setup test` (default: both)
#   FRESH=folder      where the bare system and the downloaded packages are kept for the next time
#                     (default: O/fresh)
#
# It makes a minimal system in a folder (debootstrap, from this machine's own archive), clones the
# committed tree into it, and does as a newcomer would: `make setup run` in a terminal until the
# demonstration is over and Linux is powered off, then `make setup test`. The last line says what
# came of both, and the exit status is 0 when both went well.
#
# Mounts and processes live in namespaces of their own, so they are gone when this script is,
# however it ends. A run on two cores takes about 40 minutes and needs 6 GB.

set -u
. "$(dirname "$0")/usage.sh"
usage_words 0 "$@"
cd "$(dirname "$0")/.." || exit 1
. scripts/debian.sh

SUITE=${SUITE:-}
STEPS=${STEPS:-run test}
FRESH=${FRESH:-${O:-build}/fresh}
RUN_MINUTES=60 # after which the demonstration is given up

say() { printf 'fresh: %s: %s\n' "$SUITE" "$*"; }
die() { printf 'fresh: %s\n' "$*" >&2; exit 2; }

# --- what it needs -----------------------------------------------------------------------------

case $SUITE in
bookworm | trixie) ;;
*) die "SUITE=$SUITE is not known: it is bookworm (Debian 12) or trixie (Debian 13)" ;;
esac
for step in $STEPS; do
	case $step in
	run | test) ;;
	*) die "STEPS: '$step' is not known: it is run or test" ;;
	esac
done
is_debian || die "this machine is not a Debian: there is no archive to take a system from"
[ "$(id -u)" -eq 0 ] || die "root is needed: 'sudo make fresh SUITE=$SUITE'"
for tool in debootstrap git unshare setpriv; do
	command -v $tool >/dev/null || die "$tool is missing: 'apt-get install $tool'"
done
IFS=$'\t' read -r uri key < <(own_source) || die "no Debian archive in this machine's apt sources"

if [ -z "${FRESH_INSIDE:-}" ]; then
	unshare --mount --pid --fork true 2>/dev/null ||
		die "this machine allows no namespaces (unshare --mount --pid)"
	# All that is started dies with this shell, even when it is killed.
	FRESH_INSIDE=1 setpriv --pdeathsig KILL -- \
		unshare --mount --pid --fork --kill-child --propagation private -- "$0" &
	inner=$!
	trap 'kill -KILL $inner; exit 130' INT TERM HUP
	wait $inner
	exit $?
fi

mkdir -p "$FRESH/$SUITE" || exit 2
work=$(cd "$FRESH/$SUITE" && pwd)
base=$work/base root=$work/root
exec 9>"$work/lock"
flock -n 9 || die "another run for $SUITE works in $work"

# --- the system --------------------------------------------------------------------------------

# `make` and `git` are what a newcomer needs to have the tree and to type the commands.
make_base()
{
	[ -d "$base" ] && { say "the bare system is here already ($base)"; return; }
	say "making a bare system from $uri"
	rm -rf "$base.part"
	if ! debootstrap --variant=minbase --include=ca-certificates,git,make --keyring="$key" \
		"$SUITE" "$base.part" "$uri" >"$work/debootstrap.log" 2>&1; then
		tail -n 5 "$work/debootstrap.log" >&2
		die "debootstrap failed (the whole log: $work/debootstrap.log)"
	fi
	mv "$base.part" "$base"
}

# A copy of the bare system, with this machine's network and apt's settings for it.
make_root()
{
	say "copying it to $root"
	rm -rf "$root"
	cp -a --reflink=auto "$base" "$root" || exit 2
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIP)' |
		grep -vE 'Auto-?Detect|""' >"$root/etc/apt/apt.conf.d/90machine"
	mount -t proc proc "$root/proc" &&
		mkdir -p "$root/dev/pts" "$root/dev/shm" &&
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts" &&
		ln -sf pts/ptmx "$root/dev/ptmx" &&
		mount -t tmpfs tmpfs "$root/dev/shm" || die "the mounts of $root failed"
	# Packages are downloaded once.
	[ -d "$work/archives" ] || cp -a "$base/var/cache/apt/archives" "$work/archives"
	mount --bind "$work/archives" "$root/var/cache/apt/archives" || die "no cache of packages"
}

clone_tree()
{
	git diff --quiet HEAD || say "WARNING: what is not committed is not tested"
	git clone -q --no-hardlinks . "$root/root/cleave" || exit 2
	say "cloned $(git describe --always --tags)"
}

# inside COMMAND...: become the command, run as in the shell of a newcomer who logged in as root
inside()
{
	local keep=() name
	for name in http_proxy https_proxy no_proxy TEST_SLOW TEST_JOBS FUZZ_SECONDS; do
		[ -z "${!name:-}" ] || keep+=("$name=${!name}")
	done
	exec chroot "$root" /usr/bin/env -i HOME=/root USER=root TERM=xterm SHELL=/bin/bash \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${keep[@]}" \
		/bin/bash -c 'cd /root/cleave && exec "$@"' inside "$@"
}

# --- the commands ------------------------------------------------------------------------------

# lines: a log of the terminal, as lines. An open line is taken back (CR, ESC [ K) before another
# speaker's line is printed.
lines() { sed -u -e 's/\r\x1b\[K/\n/g' -e 's/\r//g'; }

# show PATTERN: of the lines on stdin, those that tell how far it is.
show() { lines | grep --line-buffered -E "$1" | sed -u 's/^/    /'; }

# The demonstration in a terminal: when it is over, Linux is powered off, and the machine with it.
step_run()
{
	local log=$work/run.log keys=$work/keys pid typed=0 end status
	rm -f "$keys"
	mkfifo "$keys"
	exec 8<>"$keys"
	: >"$log"
	inside script -qefc "make setup run" /dev/null <&8 >"$log" 2>&1 &
	pid=$!
	tail -n +1 -f --pid=$pid "$log" |
		show '^(setup: |manager\||cleave\| (WARN|warn|hypervisor bug))' &
	end=$((SECONDS + RUN_MINUTES * 60))
	while kill -0 $pid 2>/dev/null; do
		sleep 2
		if [ $SECONDS -ge $end ]; then
			say "make setup run: given up after $RUN_MINUTES minutes"
			kill $pid
			break
		fi
		# A message of Linux's may have cut the prompt, so it is typed again and again.
		if [ $SECONDS -ge $typed ] &&
			lines <"$log" | grep -q '^manager| demonstration [pF]'; then
			printf '\rpoweroff\r' >&8
			typed=$((SECONDS + 30))
		fi
	done
	wait $pid
	status=$?
	exec 8>&-
	lines <"$log" >"$log.lines"
	[ $status -eq 0 ] && grep -q '^manager| unreported: 0 ' "$log.lines" &&
		grep -q '^manager| demonstration passed' "$log.lines" &&
		grep -q '^cleave| partition "linux": shut down by its guest' "$log.lines"
}

step_test()
{
	inside make setup test </dev/null 2>&1 | tee "$work/test.log" |
		show '^(setup: |--- |ok |FAIL|(check|unit|fuzz|boot) .*passed|  +[a-z]|[0-9]+ pass)'
	return "${PIPESTATUS[0]}"
}

# --- main --------------------------------------------------------------------------------------

make_base
make_root
clone_tree
result= failed=0
for step in $STEPS; do
	start=$SECONDS
	say "make setup $step (log: $work/$step.log)"
	if "step_$step"; then
		verdict=passed
	else
		verdict=FAILED
		failed=1
	fi
	[ "$step" = test ] && verdict="$verdict ($(tail -n 1 "$work/test.log"))"
	result="$result; make setup $step: $verdict, $(((SECONDS - start + 30) / 60)) min"
done
# After a failure the system stays, to be looked at.
if [ $failed -eq 0 ]; then
	umount "$root/var/cache/apt/archives" "$root/dev/shm" "$root/dev/pts" "$root/proc" &&
		rm -rf "$root"
fi
say "${result#; }"
exit $failed
