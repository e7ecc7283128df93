#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/files.sh [PATTERN...] - list the files of this tree, not what is built or downloaded.
#
# A pattern is a folder or a file, or has a `*`, which stands for any text, slashes too. In a clone
# git knows the files; a tarball of `make dist` has no git, so all files are taken that .gitignore
# would not leave out.

. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.." || exit 1
[ ! -e .git ] || exec git ls-files -co --exclude-standard "$@"
[ $# -gt 0 ] || set -- '*'
find . \( -path "./build*" -o -name build -o -path ./deps -o -name __pycache__ \
	-o -name .pytest_cache -o -name '*.pyc' -o -name compile_commands.json \) -prune \
	-o -type f -print |
	sed 's,^\./,,' | LC_ALL=C sort | while read -r file; do
		for pattern in "$@"; do
			# shellcheck disable=SC2254 # a pattern is meant
			case $file in
			$pattern | $pattern/*) echo "$file"; break ;;
			esac
		done
	done
