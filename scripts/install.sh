#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/install.sh OUT - install what `make sdk` has packed (`make install`).
#
# PREFIX (/usr/local) and DESTDIR (none) say where to. The SDK goes to lib/cleave, where programs
# are built against it with CLEAVE_SDK=PREFIX/lib/cleave; the tools are started from bin; their man
# pages are made of what they answer to --help; completions are bash's.

set -eu
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: scripts/install.sh OUT" >&2; exit 2; }

prefix=${PREFIX:-/usr/local}
to=${DESTDIR:-}$prefix
version=$(scripts/version.sh)
mkdir -p "$to/bin" "$to/lib" "$to/share/man/man1" "$to/share/bash-completion/completions"
rm -rf "$to/lib/cleave"
cp -a "$1/sdk/cleave-sdk" "$to/lib/cleave"

declare -A what=(
	[cleave-archive]="compile, check and pack a boot archive"
	[cleave-check]="check a boot archive as the boot would"
	[cleave-port]="say what Cleave will use of a board"
	[cleave-stream]="read, check, compare and make migration streams and checkpoints"
)

# page NAME: a man page of what NAME --help says
page()
{
	local name=$1 text
	text=$("$to/bin/$name" --help)
	echo ".TH ${name^^} 1 \"\" \"Cleave $version\" \"Cleave\""
	echo ".SH NAME"
	echo "$name \\- ${what[$name]}"
	printf '.SH DESCRIPTION\n.nf\n'
	sed 's/\\/\\e/g; s/^\([.'\'']\)/\\\&\1/' <<<"$text"
	echo ".fi"
}

for name in cleave-archive cleave-check cleave-port cleave-stream; do
	folder=tools
	[ $name != cleave-check ] || folder=build/host
	cat >"$to/bin/$name" <<-SH
		#!/bin/sh
		here=\$(dirname "\$(readlink -f "\$0")")
		exec "\$here/../lib/cleave/$folder/$name" "\$@"
	SH
	chmod 755 "$to/bin/$name"
	page $name >"$to/share/man/man1/$name.1"
	install -m 644 scripts/completion.bash "$to/share/bash-completion/completions/$name"
done
echo "installed to $to; a guest is built with CLEAVE_SDK=$prefix/lib/cleave"
