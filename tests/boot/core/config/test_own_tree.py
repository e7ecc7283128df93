# SPDX-License-Identifier: BSD-2-Clause
"""A partition's own device tree, and an overlay on the generated one, reach its Linux."""

import os

from machine import compile_config, config, guest, newc, partition

MEMORY = ((0x80000000, 256 << 20),)
CONSOLE = "console=ttyS0 earlycon=sbi"

# A whole tree: Cleave fills memory and cpus, the UART's interrupt comes by a PLIC called `irqs`.
OWN = """/dts-v1/;
/ {
	#address-cells = <2>; #size-cells = <2>;
	compatible = "acme,pump"; model = "pump controller";
	cleave,fill = "memory", "cpus";
	chosen { stdout-path = "/uart@10000000"; };
	cpus {
		cpu@0 { a: interrupt-controller { }; };
		cpu@1 { b: interrupt-controller { }; };
	};
	irqs: plic@c000000 {
		compatible = "sifive,plic-1.0.0"; reg = <0 0xc000000 0 0x600000>;
		#address-cells = <0>; #interrupt-cells = <1>; interrupt-controller;
		interrupts-extended = <&a 9>, <&b 9>; riscv,ndev = <31>;
	};
	uart@10000000 {
		compatible = "ns16550a"; reg = <0 0x10000000 0 0x100>; clock-frequency = <3686400>;
		interrupt-parent = <&irqs>; interrupts = <10>;
	};
};
"""

OVERLAY = """/dts-v1/;
/ {
	model = "pump overlay";
	soc {
		plic: plic@c000000 { };
		rtc@101000 { compatible = "acme,clock"; acme,offset = "an hour"; };
	};
	acme { compatible = "acme,thing"; interrupt-parent = <&plic>; interrupts = <20>; };
};
"""


def tree(tmp_path, name, source):
    path = tmp_path / name
    path.write_bytes(compile_config(source))
    return str(path)


def test_linux_has_them(boot, linux, tmp_path):
    """Both come up, with an interactive console, and see what their trees say."""
    files = dict(linux(), own=tree(tmp_path, "own", OWN), more=tree(tmp_path, "more", OVERLAY))
    m = boot([partition("whole", kernel="Image", initrd="initrd.gz", cpus=2, memory=MEMORY,
                        bootargs=CONSOLE, more='fdt = "own"'),
              partition("merged", kernel="Image", initrd="initrd.gz", cpus=1, memory=MEMORY,
                        bootargs=CONSOLE,
                        more='fdt-overlay = "more"; devices = "/soc/rtc@101000"')], files, smp=2)
    m.wait_all(r"^whole\| cleave-guest: up nproc=2 ", r"^merged\| cleave-guest: up nproc=1 ")
    m.focus("whole")
    shown = m.shell("cd /sys/firmware/devicetree/base; ls; cat model; echo", "whole")
    assert "cleave,fill" not in shown and [x for x in shown if x.startswith("pump controller")]
    # The console's interrupt has come, through the PLIC that the own tree describes.
    assert "1" in m.shell("grep -c ttyS0 /proc/interrupts", "whole")
    m.focus("merged")
    shown = m.shell("cd /sys/firmware/devicetree/base; cat model acme/compatible; echo", "merged")
    assert [x for x in shown if "pump overlay" in x and "acme,thing" in x], shown
    # On a device that is passed through: what the overlay gives counts, the rest is the machine's.
    # (The shell shows what is typed, too, so a mark stands before each value.)
    shown = m.shell("cd soc/rtc@101000; for f in compatible acme,offset name; do echo =$(cat $f); "
                    "done; hexdump -v -e '1/1 \"%02x\"' reg | sed s/^/=/; echo", "merged")
    values = [x.replace("\0", "") for x in shown if x.startswith("=")]
    assert values == ["=acme,clock", "=an hour", "=rtc", "=" + "0000000000101000" +
                      "0000000000001000"], shown
    m.sendline("poweroff")
    m.wait(r'^cleave\| partition "merged": shut down')
    m.focus("whole")
    m.prompt("whole")
    m.sendline("poweroff")
    assert m.wait_end() == 0


def test_what_it_does_not_have_is_refused_at_boot_too(boot, tmp_path):
    """In the words of the tool, which has not seen this archive."""
    source = config(partition("p", more='fdt-overlay = "more"'))
    more = compile_config('/dts-v1/; / { eth@1000 { reg = <0 0x1000 0 0x100>; }; };')
    with open(guest("console"), "rb") as f:
        files = [("cleave.dtb", compile_config(source)), ("payload.bin", f.read()), ("more", more)]
    path = os.path.join(tmp_path, "bad.cpio")
    with open(path, "wb") as f:
        f.write(newc(files))
    m = boot(archive=path, smp=1)
    m.wait(r'^cleave\| error: /partitions/p: fdt-overlay: "/eth@1000": the partition does not have '
           r"0x1000 to 0x10ff; allowed: its memory, its devices, the emulated PLIC and UART$")
    m.wait(r"^cleave\| the configuration has errors: no partition is started$")
    m.wait_end()
