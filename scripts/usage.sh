# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/usage.sh - for the other scripts, which read it first: with --help, a script prints its
# first comment and does nothing, and with --version which Cleave it is of. Other options are
# refused, unless the script has set usage_options=own. What scripts end with: 0 it went well, 1 it
# did not, 2 used wrongly.

usage_name=$(basename "$0")
# A script stands one or two folders below the top.
usage_top=$(dirname "$0")/..
[ -f "$usage_top/VERSION" ] || usage_top=$usage_top/..

case ${1:-} in
-h | --help)
	sed -n '1d; /^# SPDX/d; /^#/!q; s/^# \{0,1\}//p' "$0" | sed '1{/^$/d}'
	echo
	echo "Exit code: 0 it went well, 1 it did not, 2 used wrongly."
	exit 0
	;;
--version)
	echo "$usage_name $("$usage_top/scripts/version.sh")"
	exit 0
	;;
-?*)
	[ "${usage_options:-}" = own ] || {
		echo "$usage_name: there is no option $1; --help says how it is used" >&2
		exit 2
	}
	;;
esac

# usage_words MOST "$@": end, where there are more arguments than MOST
usage_words()
{
	[ $(($# - 1)) -gt "$1" ] || return 0
	shift "$(($1 + 1))"
	echo "$usage_name: '$1' is one argument too many; --help says how it is used" >&2
	exit 2
}

# usage_terminal FD: is it a terminal that can overwrite a line?
usage_terminal() { [ -t "$1" ] && [ "${TERM:-dumb}" != dumb ]; }

# usage_colour FD NUMBER TEXT: TEXT, in the colour of that number where FD is a terminal and nobody
# has said NO_COLOR
usage_colour()
{
	if [ -z "${NO_COLOR:-}" ] && usage_terminal "$1"; then
		printf '\033[1;%sm%s\033[m' "$2" "$3"
	else
		printf '%s' "$3"
	fi
}

# usage_progress DONE ALL TEXT: a row on standard error that the next one overwrites, and without
# arguments the end of it. Only on a terminal: a log has no use for it.
usage_progress()
{
	usage_terminal 2 || return 0
	printf '\r\033[K' >&2
	[ $# -eq 0 ] || printf '[%s/%s] %s' "$1" "$2" "$3" >&2
}
