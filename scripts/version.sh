#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/version.sh - print which Cleave this is: the number in VERSION, and the commit.
#
# The Makefile, and each script and tool that answers to --version, have it from here. The commit is
# that of this clone, with -dirty after it where a file in it was changed, or the one in the file
# REVISION, which a tarball of `make dist` and the SDK have. A tree with neither has the number
# alone.

. "$(dirname "$0")/usage.sh"
usage_words 0 "$@"
top=$(dirname "$0")/..
revision=
# Only a clone of this tree: one that lies in a clone of something else has another's commit.
if [ -e "$top/.git" ]; then
	# Without tags: the number is that of VERSION.
	revision=$(git -C "$top" describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null)
elif [ -r "$top/REVISION" ]; then
	revision=$(cat "$top/REVISION")
fi
echo "$(cat "$top/VERSION")${revision:+ ($revision)}"
