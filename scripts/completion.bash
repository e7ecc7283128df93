# SPDX-License-Identifier: BSD-2-Clause
# bash completion for the tools (cleave-archive, cleave-check, ...): options, as --help has them, and
# files; of cleave-stream its commands, too.

_cleave()
{
	local word=${COMP_WORDS[COMP_CWORD]}
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u) --help --version" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		if [[ ${1##*/} == cleave-stream && $COMP_CWORD -eq 1 ]]; then
			mapfile -t COMPREPLY < <(compgen -W "inspect check diff flatten make" -- "$word")
		fi
	fi
}
complete -o filenames -F _cleave cleave-archive cleave-check cleave-port cleave-stream
