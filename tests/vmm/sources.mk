# SPDX-License-Identifier: GPL-2.0-only
# The VMM without its main program, for other programs that are built on it

VMM_SOURCES := acpi.c boot.c conversion.c cpuid.c long_mode.c memory.c mptable.c \
	       ports.c rtc.c serial.c sev.c snp.c terminal.c vcpu.c vmm.c
VMM_ASSEMBLY := snp_stub.S
