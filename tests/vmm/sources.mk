# SPDX-License-Identifier: GPL-2.0-only
# The VMM without its main program, for other programs that are built on it

VMM_SOURCES := boot.c conversion.c cpuid.c long_mode.c memory.c mptable.c \
	       ports.c rtc.c serial.c terminal.c vcpu.c vmm.c
