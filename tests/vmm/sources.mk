# SPDX-License-Identifier: GPL-2.0-only
# The VMM without its main program, for what else is built on it.

VMM_SOURCES := boot.c conversion.c cpuid.c long_mode.c memory.c mptable.c \
	       ports.c rtc.c serial.c terminal.c vcpu.c vmm.c
