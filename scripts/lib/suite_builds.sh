# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What has to be built before suites start: the column NEEDS of tests/suites. Needs common.sh,
# own_kernel.sh and suite_table.sh, and $OUT, the folder of the tests' programs.

# In this order. A suite that has to wait for none of the slow ones at the end doesn't.
SUITE_BUILDS=(programs 6.12 kvm 6.1 selftests snp 7.3 kvm-7.3 tdx 7.2 kvm-7.2 debug kcsan)

# suite_builds SUITE...: prints the builds that these suites need.
suite_builds() {
	local name build needs=,

	for name; do
		needs+=${SUITE_NEEDS[$name]},
	done
	for build in "${SUITE_BUILDS[@]}"; do
		[[ $needs != *,$build,* ]] || printf '%s\n' "$build"
	done
}

# suite_packages SUITE...: prints the sets of scripts/packages that these suites and their
# builds need.
suite_packages() {
	local name needs=,

	printf '%s\n' build kvm run test dkms
	for name; do
		needs+=${SUITE_NEEDS[$name]},
		[[ $name != lint && $name != newer ]] || printf '%s\n' "$name"
		[[ $name != *-bochs* ]] || printf 'bochs\n'
	done
	[[ $needs != *,6.1,* ]] || printf '6.1\n'
	[[ ! $needs =~ [,-]7\. ]] || printf 'newer\n'
	[[ $needs != *,snp,* ]] || printf 'qemu\n'
	[[ $needs != *,tdx,* ]] || printf 'bochs\n'
	[[ $needs != *,debug,* && $needs != *,kcsan,* ]] || printf 'kernel\n'
}

suite_build_kvm() {
	"$ROOT/scripts/build-kvm" --kernel "$1"
	"$ROOT/tests/build-module" populate --kernel "$1"
}

# suite_build NAME: built here once rather than by the first suites at the same time. Modules
# bring the builds of kvm_private and of the kernel that they go with.
suite_build() {
	case $1 in
	programs)
		make -s --no-print-directory -j"$(nproc)" -C "$ROOT/tests" "O=$OUT"
		make -s --no-print-directory -j"$(nproc)" -C "$ROOT/tests/consumer" "O=$OUT/consumer"
		;;
	6.* | 7.*)
		"$ROOT/scripts/build-module" --kernel "$1"
		"$ROOT/scripts/build-module" --kernel "$1" --fail-points
		"$ROOT/tests/build-module" platform --kernel "$1"
		"$ROOT/tests/build-module" consumer --kernel "$1"
		;;
	kvm)
		suite_build_kvm 6.12
		;;
	tdx)
		"$ROOT/scripts/build-kvm" --kernel 7.3 --tdx-model
		;;
	kvm-*)
		suite_build_kvm "${1#kvm-}"
		;;
	debug | kcsan)
		"$ROOT/tests/build-module" platform --kernel "$1"
		"$ROOT/tests/build-module" populate --kernel "$1"
		;;
	selftests)
		"$ROOT/tests/selftests/build" --source 6.12
		"$ROOT/tests/selftests/build" --source 7.3
		;;
	snp)
		"$ROOT/tests/platforms/snp/build"
		;;
	*)
		die "nothing is known of the build '$1'"
		;;
	esac >/dev/null
}
