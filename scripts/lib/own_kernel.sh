# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernels of our own, with checks: Debian's source, configured by the files in
# tests/kernels. Scripts that take a kernel line such as 6.12 take these names, too. Needs
# common.sh and cache.sh.

# shellcheck disable=SC2034 # for those who include this
OWN_KERNEL_LINE=6.12

# The configuration files of each
declare -A OWN_KERNELS=(
	[debug]="machine checks kasan"
	[kcsan]="machine checks kcsan"
)

# Variables of their builds: which of the kernel's own files the compiler instruments.
# Modules always are. A file that isn't instrumented costs nothing, and the tests are
# about modules. The maple tree changes nodes in place while they are read, by design.
# Free pages, poisoned for KASAN, are compared with their pattern by memchr_inv() of
# lib/string.c: instrumented it would call KASAN for each word, in vain, since reports are
# off.
declare -A OWN_KERNEL_INSTRUMENTED=(
	[debug]="UBSAN_SANITIZE=n KASAN_SANITIZE_string.o=n"
	[kcsan]="UBSAN_SANITIZE=n KCSAN_SANITIZE=n KCSAN_SANITIZE_xarray.o=y"
)

own_kernel() {
	[[ -n ${OWN_KERNELS[$1]:-} ]]
}

# own_kernel_version VERSION: whether it is one of ours. The version ends with the name
# and a hash of the kernel's inputs.
own_kernel_version() {
	local pattern

	pattern=$(IFS='|'; printf '%s' "${!OWN_KERNELS[*]}")
	[[ $1 =~ -($pattern)-[0-9a-f]{12}$ ]]
}

# own_kernel_entry VERSION: prints the directory that holds it.
own_kernel_entry() {
	printf '%s/kernel/%s\n' "$CACHE" "$1"
}
