# SPDX-License-Identifier: BSD-2-Clause
#
# scripts/debian.sh - for setup.sh and fresh.sh, which read it: this machine's own Debian archive.
# No mirror is named anywhere: what is fetched comes from where this machine's packages come from.

# is_debian: whether this machine is a Debian
is_debian()
{
	command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
		[ -r /etc/os-release ] && [ "$(. /etc/os-release; echo "${ID:-}")" = debian ]
}

# own_source: print "URI<TAB>KEY" of the machine's first archive that is not the security archive.
# KEY is what Signed-By says, or Debian's own keyring.
own_source()
{
	local uri key
	IFS=$'\t' read -r uri key < <(find_source) || return 1
	[ -n "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
	printf '%s\t%s\n' "$uri" "$key"
}

find_source()
{
	local f
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk 'BEGIN { RS = ""; FS = "\n" }
		!/-security/ && /Types:[^\n]*deb/ && !/Enabled: *no/ {
			uri = ""; key = ""
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^URIs:/) { split($i, a, /[ \t]+/); uri = a[2] }
				if ($i ~ /^Signed-By:/) { split($i, a, /[ \t]+/); key = a[2] }
			}
			if (uri ~ /debian/) { print uri "\t" key; exit }
		}' "$f" | grep . && return 0
	done
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		awk '/^deb / && !/-security/ {
			key = $0
			if (sub(/.*signed-by=/, "", key)) sub(/[] ].*/, "", key); else key = ""
			sub(/\[[^]]*\] */, "")
			if ($2 ~ /debian/) { print $2 "\t" key; exit }
		}' "$f" | grep . && return 0
	done
	return 1
}
