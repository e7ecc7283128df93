# SPDX-License-Identifier: BSD-2-Clause
#
# Which words of a guest program hold addresses: reads `readelf -rW` of a program that was linked with --emit-relocs, and
# writes assembly that lists their addresses in .relocs, for start.S to add to them what the program was moved by.
#
# Must never leave out a word that depends on where the program is: what is neither known to be relative nor in the list is
# an error (RISC-V psABI, "Relocations").

/^Relocation section/ {
	section = $3
	loaded = section !~ /debug/
	next
}

loaded && $3 ~ /^R_RISCV_/ {
	if ($3 == "R_RISCV_64") {
		word[++words] = $1
	} else if ($3 !~ /^R_RISCV_(PCREL_HI20|PCREL_LO12_[IS]|CALL|CALL_PLT|BRANCH|JAL|RVC_BRANCH|RVC_JUMP|ADD(8|16|32|64)|SUB(6|8|16|32|64)|SET(6|8|16|32)|32_PCREL|ALIGN|RELAX|NONE)$/) {
		printf("%s: %s at 0x%s: a program that is moved cannot have it; allowed for an address: R_RISCV_64\n", section, $3, $1) >"/dev/stderr"
		bad = 1
	}
}

END {
	if (bad)
		exit 1
	print "\t.section .relocs, \"a\""
	for (i = 1; i <= words; i++)
		printf("\t.dword 0x%s\n", word[i])
}
