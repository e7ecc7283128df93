# SPDX-License-Identifier: BSD-2-Clause
# bash completion for cleave-archive, cleave-check and cleave-port: options, as --help has them, and
# files.

_cleave()
{
	local word=${COMP_WORDS[COMP_CWORD]}
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u) --help --version" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _cleave cleave-archive cleave-check cleave-port
