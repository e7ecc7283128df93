# SPDX-License-Identifier: BSD-2-Clause
"""Device trees of boards, written for tests from what is public about them.

They hold the facts that the tools look at: harts and what they say they have, memory and what of it
is reserved, registers, interrupts, and what refers to what. tree(BOARD) is a board's source.
"""

K3_ISA = ("i m a f d c b v h sha shcounterenw shgatpa shtvala shvsatpa shvstvala shvstvecd smaia "
          "smstateen ssaia sscofpmf ssnpm sstc svade svinval svnapot svpbmt za64rs zawrs zba zbb "
          "zbc zbs zfa zfh zicbom zicbop zicboz ziccrse zicntr zicond zicsr zifencei zihintpause "
          "zihpm zkt zvbb zvfh").split()
P550_ISA = "i m a f d c h sscofpmf zba zbb zicsr zifencei".split()
U74_ISA = "i m a f d c zba zbb zicntr zicsr zifencei zihpm".split()
QEMU_ISA = "i m a f d c v h zicbom zicboz zicntr zicsr zifencei sstc svade svinval svpbmt".split()


def cells64(*values):
    return " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in values)


def strings(values):
    return ", ".join(f'"{v}"' for v in values)


def cpu(hart, isa, mmu, more=""):
    return f"""
		cpu@{hart:x} {{
			device_type = "cpu";
			reg = <{hart:#x}>;
			compatible = "riscv";
			riscv,isa-base = "rv64i";
			riscv,isa-extensions = {strings(isa)};
			{f'mmu-type = "riscv,{mmu}";' if mmu else ''}
			{more}
			hart{hart}: interrupt-controller {{
				compatible = "riscv,cpu-intc";
				interrupt-controller;
				#interrupt-cells = <1>;
			}};
		}};"""


def memory(base, size):
    return f"""
	memory@{base:x} {{ device_type = "memory"; reg = <{cells64(base, size)}>; }};"""


def reserved(ranges):
    nodes = "".join(f"\n\t\t{name} {{ reg = <{cells64(base, size)}>; no-map; }};"
                    for name, base, size in ranges)
    return f"""
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;{nodes}
	}};"""


def device(name, base, size, compatible, irqs="", more="", label=""):
    """A node of the SoC's bus. irqs: the cells of `interrupts`, one string."""
    return f"""
		{label + ': ' if label else ''}{name}@{base:x} {{
			compatible = {strings(compatible.split())};
			reg = <{cells64(base, size)}>;
			{f'interrupts = <{irqs}>;' if irqs else ''}
			{more}
		}};"""


def plic(base, size, harts, sources, machine="11"):
    extended = ", ".join(f"<&hart{h} {machine}>, <&hart{h} 9>" for h in harts)
    return device("interrupt-controller", base, size, "sifive,plic-1.0.0", label="intc",
                  more=f"""interrupt-controller;
			#interrupt-cells = <1>;
			#address-cells = <0>;
			riscv,ndev = <{sources}>;
			interrupts-extended = {extended};""")


def board(model, compatible, timebase, cpus, rest, soc, stdout, bus="", more_cpus=""):
    return f"""/dts-v1/;
/ {{
	#address-cells = <2>;
	#size-cells = <2>;
	model = "{model}";
	compatible = {strings(compatible.split())};
	chosen {{ stdout-path = "serial0:115200n8"; }};
	aliases {{ serial0 = &{stdout}; }};
	cpus {{
		#address-cells = <1>;
		#size-cells = <0>;
		timebase-frequency = <{timebase}>;{''.join(cpus)}{more_cpus}
	}};{rest}
	soc {{
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		interrupt-parent = <&intc>;
		{bus}{soc}
	}};
}};
"""


# --- SpacemiT K3: APLIC and IMSIC, RAM from 4 GiB, UARTs with clocks, resets and pins ------------


def k3_uart(n, base, irq):
    more = ("reg-shift = <2>; reg-io-width = <4>; clocks = <&apbc 1>, <&apbc 2>; "
            'clock-names = "core", "bus"; resets = <&apbc 3>; '
            'pinctrl-names = "default"; pinctrl-0 = <&uart_pins>;')
    return device("serial", base, 0x100, "spacemit,k3-uart intel,xscale-uart", f"{irq} 4", more,
                  f"uart{n}")


def k3():
    harts = range(8)
    imsic = ", ".join(f"<&hart{h} 9>" for h in harts)
    blocks = ("riscv,cbom-block-size = <64>; riscv,cboz-block-size = <64>; "
              "next-level-cache = <&l2>;")
    soc = [
        device("ethernet", 0xcac80000, 0x2000, "spacemit,k3-dwmac snps,dwmac-5.40a", "131 4 276 4",
               "clocks = <&apmu 5>; resets = <&apmu 6>; spacemit,apmu = <&apmu 0x3e4 0x3e8>;"),
        device("dma-controller", 0xd4000000, 0x4000, "spacemit,k3-pdma", "72 4",
               "clocks = <&apmu 7>; resets = <&apmu 8>; #dma-cells = <1>;", "pdma"),
        device("system-controller", 0xd4015000, 0x1000, "spacemit,k3-syscon-apbc",
               more="#clock-cells = <1>; #reset-cells = <1>;", label="apbc"),
        k3_uart(0, 0xd4017000, 42),
        k3_uart(2, 0xd4017100, 44),
        device("gpio", 0xd4019000, 0x100, "spacemit,k3-gpio", "58 4",
               "gpio-controller; #gpio-cells = <3>; interrupt-controller; #interrupt-cells = <3>;"),
        device("pwm", 0xd401a000, 0x10, "spacemit,k3-pwm marvell,pxa910-pwm",
               more="clocks = <&apbc 9>; resets = <&apbc 10>; #pwm-cells = <3>;"),
        device("pinctrl", 0xd401e000, 0x1000, "spacemit,k3-pinctrl",
               more="clocks = <&apbc 11>; uart_pins: uart0-0-cfg { };"),
        device("mmc", 0xd4280000, 0x200, "spacemit,k3-sdhci", "99 4",
               "clocks = <&apmu 12>; resets = <&apmu 13>;"),
        device("system-controller", 0xd4282800, 0x400, "spacemit,k3-syscon-apmu",
               more="#clock-cells = <1>; #power-domain-cells = <1>; #reset-cells = <1>;",
               label="apmu"),
        device("interrupt-controller", 0xe0400000, 0x200000, "spacemit,k3-imsics riscv,imsics",
               more="interrupt-controller; #interrupt-cells = <0>; msi-controller; "
               f"riscv,num-ids = <511>; interrupts-extended = {imsic};", label="imsic"),
        device("interrupt-controller", 0xe0804000, 0x4000, "spacemit,k3-aplic riscv,aplic",
               more="interrupt-controller; #interrupt-cells = <2>; msi-parent = <&imsic>; "
               "riscv,num-sources = <512>;", label="intc"),
        device("timer", 0xe081c000, 0x4000, "spacemit,k3-clint sifive,clint0"),
    ]
    return board("SpacemiT K3 CoM260 IFX", "spacemit,k3-com260-ifx spacemit,k3-com260 spacemit,k3",
                 24000000, [cpu(h, K3_ISA, "sv39", blocks) for h in harts],
                 memory(0x100000000, 0x400000000) +
                 reserved([("firmware@100000000", 0x100000000, 0x2000000)]), "".join(soc), "uart0",
                 "dma-noncoherent;",
                 '\n\t\tl2: cache-controller-0 { compatible = "cache"; cache-level = <2>; };')


# --- ESWIN EIC7700: PLIC, an L3 with registers, 4 KiB holes in RAM --------------------------------


def eic7700_soc():
    uarts = [device("serial", 0x50900000 + n * 0x10000, 0x10000, "snps,dw-apb-uart", str(100 + n),
                    "reg-shift = <2>; reg-io-width = <4>; clock-frequency = <200000000>; "
                    f'status = "{"okay" if n in (0, 2) else "disabled"}";', f"uart{n}")
             for n in range(5)]
    soc = [
        device("bus-error-unit", 0x1700000, 0x1000, "sifive,buserror", "517"),
        device("timer", 0x2000000, 0x10000, "eswin,eic7700-clint sifive,clint0"),
        device("cache-controller", 0x2010000, 0x4000, "eswin,eic7700-l3-cache", "1 3 4 2",
               "cache-block-size = <64>; cache-level = <3>; cache-sets = <4096>; "
               "cache-size = <4194304>; cache-unified;"),
        plic(0xc000000, 0x4000000, range(4), 520, "0xffffffff"),
        device("ethernet", 0x50400000, 0x10000, "eswin,eic7700-qos-eth", "61",
               "clocks = <&clocks 1>, <&clocks 2>; resets = <&resets 3 4>; "
               "iommus = <&smmu 5>;"),
        device("mmc", 0x50450000, 0x10000, "eswin,emmc-sdhci-5.1", "79",
               "#clock-cells = <0>; clocks = <&clocks 6>; resets = <&resets 7 8>; "
               "iommus = <&smmu 9>;"),
        *uarts,
        device("iommu", 0x50c00000, 0x100000, "arm,smmu-v3", "356 360 357 358",
               "#iommu-cells = <1>; resets = <&resets 10 11>;", "smmu"),
        device("gpio", 0x51600000, 0x80, "snps,dw-apb-gpio", more="#address-cells = <1>; "
               "#size-cells = <0>; gpio-port@0 { reg = <0>; interrupt-controller; "
               "#interrupt-cells = <2>; gpio-controller; #gpio-cells = <2>; };"),
        device("sys-crg", 0x51828000, 0x80000, "syscon simple-mfd",
               more="resets: reset-controller { #reset-cells = <2>; }; "
               "clocks: clock-controller { #clock-cells = <1>; };"),
        device("timer", 0x51840000, 0x8000, "snps,dw-apb-timer", "345"),
        device("rtc", 0x51818000, 0x400, "eswin,win2030-rtc", "292"),
    ]
    return "".join(soc)


HOLES = [("sprammemory@59000000", 0x59000000, 0x400000),
         ("g2d_4GB_boundary_reserved_4k", 0xfffff000, 0x1000)]


def eic7700(model, compatible, ram, ranges):
    return board(model, compatible, 1000000, [cpu(h, P550_ISA, "sv48", "tlb-split;")
                                              for h in range(4)],
                 ram + reserved([("mmode_resv0@80000000", 0x80000000, 0x80000)] + HOLES + ranges),
                 eic7700_soc(), "uart0", "dma-noncoherent;")


def megrez():
    return eic7700("Milk-V Megrez", "milkv,megrez eswin,eic7700",
                   memory(0x59000000, 0x400000) + memory(0x80000000, 0x400000000),
                   [("g2d_8GB_boundary_reserved_4k", 0x1fffff000, 0x1000),
                    ("g2d_12GB_boundary_reserved_4k", 0x2fffff000, 0x1000),
                    ("mmz_nid_0_part_0", 0x300000000, 0x180000000)])


def p550():
    return eic7700("SiFive HiFive Premier P550", "sifive,hifive-premier-p550 eswin,eic7700",
                   memory(0x80000000, 0x400000000), [("lpcpu@a0000000", 0xa0000000, 0x100000)])


# --- others ---------------------------------------------------------------------------------------


def virt():
    """Like QEMU's board, with two harts and 1 GiB."""
    soc = [
        device("test", 0x100000, 0x1000, "sifive,test1 sifive,test0 syscon"),
        device("rtc", 0x101000, 0x1000, "google,goldfish-rtc", "11"),
        device("clint", 0x2000000, 0x10000, "sifive,clint0"),
        plic(0xc000000, 0x600000, range(2), 95),
        device("serial", 0x10000000, 0x100, "ns16550a", "10", label="uart0"),
        device("virtio_mmio", 0x10001000, 0x1000, "virtio,mmio", "1"),
    ]
    return board("riscv-virtio,qemu", "riscv-virtio", 10000000,
                 [cpu(h, QEMU_ISA, "sv57", "riscv,cbom-block-size = <64>;") for h in range(2)],
                 memory(0x80000000, 0x40000000), "".join(soc), "uart0")


def small():
    """One hart and 48 MiB: no room for Linux."""
    soc = [plic(0xc000000, 0x600000, [5], 31),
           device("serial", 0x54000000, 0x1000, "sifive,uart0", "3", label="uart0")]
    return board("small", "test,small", 1000000, [cpu(5, QEMU_ISA, "")],
                 memory(0x40000000, 0x3000000), "".join(soc), "uart0")


def jh7110():
    """Harts without H: Cleave cannot run there."""
    soc = [plic(0xc000000, 0x4000000, range(5), 136),
           device("serial", 0x10000000, 0x10000, "snps,dw-apb-uart", "32", "reg-shift = <2>; "
                  "reg-io-width = <4>;", "uart0")]
    return board("StarFive VisionFive 2 v1.3B", "starfive,visionfive-2-v1.3b starfive,jh7110",
                 4000000, [cpu(h, U74_ISA, "sv39") for h in range(5)],
                 memory(0x40000000, 0x200000000), "".join(soc), "uart0")


BOARDS = {"k3-com260": k3, "eic7700-megrez": megrez, "eic7700-premier-p550": p550, "virt": virt,
          "small": small}
