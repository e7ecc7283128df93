#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/mkdist.sh OUT - pack a release (`make dist`).
#
# OUT/dist/cleave-VERSION.tar.gz holds what git has of this commit, the file REVISION with the
# commit, and sbom.spdx.json: each file with its SHA-256, and what is built in from elsewhere. The
# same commit gives the same bytes, with a tag and without. A tree with changes that are not
# committed is refused, and so is a commit whose tag v... is not that of VERSION.

set -eu
. "$(dirname "$0")/usage.sh"
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: scripts/mkdist.sh OUT" >&2; exit 2; }
[ -e .git ] || { echo "mkdist: this is no clone: a release is made of a commit" >&2; exit 1; }
[ -z "$(git status --porcelain --untracked-files=no)" ] ||
	{ echo "mkdist: there are changes that are not committed" >&2; exit 1; }

tags=$(git tag --points-at HEAD 'v*')
case " $(echo $tags) " in
"  ") echo "mkdist: note: no tag v$(cat VERSION) is on this commit: it is no release" >&2 ;;
*" v$(cat VERSION) "*) ;;
*)
	echo "mkdist: the tag on this commit is $(echo $tags), and VERSION says $(cat VERSION)" >&2
	exit 1
	;;
esac

name=cleave-$(cat VERSION)
work=$1/dist
rm -rf "$work"
mkdir -p "$work/$name"
git archive HEAD | tar -x -C "$work/$name"
git rev-parse --short=12 HEAD >"$work/$name/REVISION"
"${PYTHON:-python3}" scripts/sbom.py "$work/$name" "$(git log -1 --format=%cI HEAD)"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
	--mode=u+w,go-w,a+rX -cf - "$name" | gzip -9n >"$work/$name.tar.gz"
rm -rf "${work:?}/$name"
(cd "$work" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
