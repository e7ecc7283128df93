# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/usage.sh - for the other scripts, which read it first: with --help, a script prints its
# first comment and does nothing, and with --version which Cleave it is of.

case ${1:-} in
-h | --help)
	sed -n '1d; /^# SPDX/d; /^#/!q; s/^# \{0,1\}//p' "$0" | sed '1{/^$/d}'
	exit 0
	;;
--version)
	# A script stands one or two folders below the top.
	echo "$(basename "$0") $(cat "$(dirname "$0")/../VERSION" 2>/dev/null ||
		cat "$(dirname "$0")/../../VERSION")"
	exit 0
	;;
esac
