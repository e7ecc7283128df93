# SPDX-License-Identifier: BSD-2-Clause
#
# Finds the words of a guest program that hold addresses. It reads `readelf -rW` of a program that
# was linked with --emit-relocs, and writes assembly that lists the addresses of these words in
# .relocs. start.S adds to each of the words the distance by which the program was moved.
#
# It must never leave out a word that depends on where the program is: a relocation that is neither
# known to be relative nor put into the list is an error (RISC-V psABI, "Relocations").

/^Relocation section/ {
	section = $3
	loaded = section !~ /debug/
	next
}

# Relocations that hold no address: what they put in does not change when the program is moved.
BEGIN {
	split("PCREL_HI20 PCREL_LO12_I PCREL_LO12_S CALL CALL_PLT BRANCH JAL RVC_BRANCH RVC_JUMP " \
	      "ADD8 ADD16 ADD32 ADD64 SUB6 SUB8 SUB16 SUB32 SUB64 SET6 SET8 SET16 SET32 " \
	      "32_PCREL ALIGN RELAX NONE", names, " ")
	for (i in names)
		relative["R_RISCV_" names[i]] = 1
}

loaded && $3 ~ /^R_RISCV_/ {
	if ($3 == "R_RISCV_64") {
		word[++words] = $1
	} else if (!($3 in relative)) {
		printf("%s: %s at 0x%s: a program that is moved cannot have this relocation; " \
		       "for an address use R_RISCV_64\n", section, $3, $1) >"/dev/stderr"
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
