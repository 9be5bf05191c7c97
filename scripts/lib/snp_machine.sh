# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # the variables of scripts/vm
#
# A machine with an emulated SEV-SNP platform. Uses the variables of scripts/vm; needs
# common.sh and machine.sh.

# Where the reverse map table (RMP) is: far from what QEMU loads at both ends of memory
SNP_RMP_BASE_MIB=512
# QEMU's q35 has no memory from here to 4 GiB, if it has that much.
SNP_LOW_MIB=2048
SNP_LOW_LIMIT_MIB=2816

# snp_rmp_mib: the size of the RMP in whole large pages, for all addresses up to the end of
# memory: 16 bytes for each page, which are 4 KiB for each MiB, and 16 KiB.
snp_rmp_mib() {
	local top large

	top=$(machine_memory_mib)
	((top < SNP_LOW_LIMIT_MIB)) || top=$((4096 + top - SNP_LOW_MIB))
	large=$(((top * 4 + 16 + 2047) / 2048))
	printf '%s\n' $((large * 2))
}

snp_check() {
	(($(machine_memory_mib) >= 1024)) || die_usage "--snp needs --mem 1G at least"
}

# snp_machine: sets "qemu" and "cpu", and adds to "arguments" and "words".
#
# Linux takes part in SEV-SNP only on what looks like hardware, of a family that has it, and
# with an IOMMU that isn't bypassed. No firmware has reserved the RMP here, so the kernel's
# command line does. Nor has anything told the kernel the TSC's frequency: what it measures is
# wrong by a factor where the emulator doesn't get its processor meanwhile, so it counts time
# otherwise.
snp_machine() {
	local base size

	base=$((SNP_RMP_BASE_MIB * 1024 * 1024))
	size=$(snp_rmp_mib)
	qemu=$("$ROOT/tests/platforms/snp/build")
	cpu=EPYC-Milan,-hypervisor,xlevel=0x8000001f,+lbrv,+flushbyasid,+decodeassists,+nrip-save
	arguments+=(
		-device amd-iommu
		-device "amd-psp,rmp-base=$base,rmp-size=$((size * 1024 * 1024))"
		# A device that copies memory as a test tells it to
		-device edu
	)
	words+=" iommu.passthrough=0 tsc=unstable memmap=${size}M\$$base"
}
