# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The command of each suite of tests/suites. Needs common.sh, own_kernel.sh and tap.sh, $OUT,
# the folder of the tests' programs, and $LOGS, that of the output.

# Those of the ioctl tests that need a machine with several nodes
NUMA_PROGRAMS='hotplug|policy|policy_huge|policy_load|set_policy'

# A kernel that has run for a while has its own pages all over the memory. The test gives back
# the pages that are reserved on the kernel's command line.
RESERVED=(--param hugepagesz=1G --param hugepages=4)

# A program whose call doesn't end says so itself after some minutes. This limit is for
# machines that die, all of whose programs may have been kept waiting before.
limit=KVM_PRIVATE_VM_TIMEOUT=${KVM_PRIVATE_VM_TIMEOUT:-1800}

# programs FOLDER: prints the test programs of a folder.
programs() {
	find "$OUT/$1" -maxdepth 1 -type f -perm -u+x | LC_ALL=C sort
}

# in_vm VM-OPTION... -- PROGRAM...: for programs that need no other files.
in_vm() {
	local options=() program bring=(--bring "$ROOT/tests/run") names=() runner=./run

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	for program; do
		bring+=(--bring "$program")
		names+=("$(basename "$program")")
	done
	# Set for the suites that run with each detour forced
	options+=("${forced[@]}")
	# Set by scripts/coverage
	if [[ ${KVM_PRIVATE_COVERAGE:-} ]]; then
		options+=(--coverage)
		bring+=(--bring "$ROOT/scripts/lib/coverage-guest")
		runner=./coverage-guest
	fi
	env "$limit" "$ROOT/scripts/vm" "${options[@]}" "${bring[@]}" -- "$runner" "${names[@]}"
}

# locked_down KERNEL: the ways in, in a machine of their own, since a locked-down machine stays
# so
locked_down() {
	in_vm --kernel "$1" --no-kvm --mem 1G \
		--bring "$("$ROOT/tests/build-module" consumer --kernel "$1")/kvm_private_test.ko" \
		-- "$OUT/ways/locked_down"
}

# on_snp NAME COMMAND VM-OPTION...: on the emulated platform, with $kernel
on_snp() {
	local name=$1 command=$2

	shift 2
	env "$limit" "$ROOT/scripts/vm" --snp --kernel "$kernel" --mem "$((2 + more))G" "$@" -- sh -c "echo '# begin $name'
		export CMOCKA_MESSAGE_OUTPUT=TAP
		$command 2>&1
		echo \"# end $name \$?\""
}

# on_snp_with_hash NAME PROGRAM VM-OPTION...: the program has digests computed by the kernel's
# SHA-384, not by the emulator's. Newer kernels have it built in.
on_snp_with_hash() {
	local name=$1 program=$2 hash=(algif_hash) module options=()

	shift 2
	[[ $kernel == 7.* ]] || hash+=(sha512_generic)
	for module in "${hash[@]}"; do
		options+=(--module "$module")
	done
	on_snp "$name" "modprobe -a ${hash[*]} && ./$program" "${options[@]}" "$@"
}

# fuzz_for SECONDS VM-OPTION...: with other programs each day
fuzz_for() {
	local seconds=$1

	shift
	"$ROOT/scripts/vm" "$@" --bring "$OUT/fuzz/fuzz" -- sh -c "echo '# begin fuzz'
		CMOCKA_MESSAGE_OUTPUT=TAP ./fuzz --seed $(date +%Y%m%d) --seconds $seconds
		echo \"# end fuzz \$?\""
}

# suite NAME: runs the suite, whose result is on stdout.
suite() {
	local name=$1 kernel=6.12 more=0 list parameter parameters=() platform=() bochs=() others=''
	local status=0 forced=() left_out=''
	local provider=(--param kvm.guest_memfd_provider=kvm_private)

	if [[ $name =~ ^(.*)-([0-9]+\.[0-9]+|debug|kcsan)$ ]]; then
		name=${BASH_REMATCH[1]}
		kernel=${BASH_REMATCH[2]}
	fi
	# When a machine wakes up, virtio_console of 7.3 asks QEMU which channels are connected
	# before it has a buffer for the answer. QEMU drops that, and all output waits for ever.
	[[ $kernel != 7.3 ]] || left_out='|suspend'
	# The same tests once more, with each pause and each retry that otherwise depends on
	# chance. Tests that rely on a pace of their own are left out.
	if [[ $name == *-forced ]]; then
		name=${name%-forced}
		forced=(--fail-points --param kvm_private.detours=1)
		left_out+='|interrupt'
	fi
	# The same tests once more, with a model of a trusted platform watching
	[[ $name != *-platform ]] || platform=(--platform)
	# The same tests once more, on an Intel processor
	[[ $name != *-bochs ]] || bochs=(--bochs)
	# For KASAN's shadow, which is an eighth, and the debug kernel's other memory
	[[ $kernel != debug ]] || more=2
	# Our kernels fill freed memory with a pattern and check it when it is allocated: with
	# that gigantic pages take minutes.
	[[ $name != gigantic* ]] || ! own_kernel "$kernel" || parameters=(--param page_poison=0)
	case $name in
	lint)
		tap_command "make lint finds nothing" "$ROOT/scripts/lint"
		;;
	runner)
		"$ROOT/tests/runner/run"
		;;
	choices)
		"$ROOT/tests/runner/choices"
		;;
	newer)
		"$ROOT/tests/runner/newer"
		;;
	series)
		"$ROOT/tests/runner/series"
		;;
	mistakes)
		"$ROOT/tests/runner/mistakes" "$kernel"
		;;
	kunit)
		env "$limit" "$ROOT/scripts/vm" --kernel "$kernel" --no-kvm --mem "$((1 + more))G" --numa 4 \
			--bring "$("$ROOT/tests/build-module" kunit --kernel "$kernel")/kvm_private_kunit.ko" \
			--bring "$ROOT/tests/kunit/run" -- ./run
		;;
	ioctl | module)
		mapfile -t list < <(programs "$name" |
			grep -Ev "/($NUMA_PROGRAMS|gigantic$left_out)$")
		in_vm --kernel "$kernel" --no-kvm -- "${list[@]}"
		;;
	detours)
		# The programs that change the store, the attributes and their users, and then a
		# check that each detour was taken
		mapfile -t list < <(programs ioctl | grep -Ev "/($NUMA_PROGRAMS|gigantic$left_out)$")
		mapfile -t -O "${#list[@]}" list < <(programs consumer)
		in_vm --kernel "$kernel" --no-kvm --numa 2 --mem 4G \
			--bring "$("$ROOT/tests/build-module" consumer --kernel "$kernel")/kvm_private_test.ko" \
			-- "${list[@]}" "$OUT/ioctl/set_policy" "$OUT/failures/detours"
		;;
	four-nodes)
		in_vm --kernel "$kernel" --no-kvm --mem "$((1 + more))G" --smp 2 --numa 4 \
			-- "$OUT/ioctl/set_policy"
		;;
	numa)
		mapfile -t list < <(programs ioctl | grep -E "/($NUMA_PROGRAMS)$")
		in_vm --kernel "$kernel" --no-kvm --mem 1G --smp 2 --numa 2 -- "${list[@]}"
		;;
	gigantic-guest)
		in_vm --kernel "$kernel" --mem "$((6 + more))G" "${RESERVED[@]}" "${parameters[@]}" \
			-- "$OUT/kvm/gigantic"
		;;
	gigantic-platform)
		in_vm --kernel "$kernel" --no-kvm --platform --mem "$((6 + more))G" "${RESERVED[@]}" \
			"${parameters[@]}" -- "$OUT/platform/gigantic"
		;;
	gigantic)
		in_vm --kernel "$kernel" --no-kvm --mem "$((8 + more))G" --smp 2 --numa 2 "${RESERVED[@]}" \
			"${parameters[@]}" -- "$OUT/ioctl/gigantic"
		;;
	zeroing)
		for parameter in init_on_alloc=1 init_on_alloc=0 init_on_free=1; do
			in_vm --icount --no-kvm --param "$parameter" \
				--param hugepagesz=1G --param hugepages=1 \
				-- "$OUT/zeroing/zeroing" || return
		done
		;;
	latency)
		# With this model the processor goes to another task only where the kernel
		# asks.
		mapfile -t list < <(programs latency | grep -v '/lookup$')
		parameters=(--icount --no-kvm --param preempt=none --param hugepagesz=1G
			--bring "$("$ROOT/tests/build-module" consumer --kernel 6.12)/kvm_private_test.ko")
		in_vm "${parameters[@]}" --mem 6G --param hugepages=2 -- "${list[@]}" || status=$?
		# In a machine that hasn't had a memory error yet
		in_vm "${parameters[@]}" --param hugepages=1 -- "$OUT/latency/lookup" || status=$?
		return "$status"
		;;
	consumer)
		mapfile -t list < <(programs consumer)
		in_vm --kernel "$kernel" --no-kvm \
			--bring "$("$ROOT/tests/build-module" consumer --kernel "$kernel")/kvm_private_test.ko" \
			-- "${list[@]}"
		;;
	uncleared)
		# This kernel neither clears pages nor looks at them before it allocates them:
		# the module has to.
		in_vm --kernel "$kernel" --no-kvm --param init_on_alloc=0 \
			--bring "$("$ROOT/tests/build-module" consumer --kernel "$kernel")/kvm_private_test.ko" \
			-- "$OUT/consumer/poison" "$OUT"/ioctl/{reclaim,pinned,huge_shared}
		;;
	failures-guest)
		in_vm --kernel "$kernel" --fail-points --smp 1 -- "$OUT/failures/guest"
		;;
	failures)
		# The module that is loaded last counts its points, so the check of them comes
		# last. A kernel of our own checks the content of each page that is freed and
		# allocated: a gigantic one takes minutes. With one processor each byte of a
		# charge shows.
		! own_kernel "$kernel" || others='|gigantic'
		mapfile -t list < <(programs failures | grep -Ev "/(load|guest|reached|detours$others)$")
		in_vm --kernel "$kernel" --no-kvm --fail-points --smp 1 --mem 6G "${RESERVED[@]}" \
			--bring "$("$ROOT/tests/build-module" consumer --kernel "$kernel")/kvm_private_test.ko" \
			-- "$OUT/failures/load" "${list[@]}" "$OUT/failures/reached"
		;;
	platform)
		# KASAN also reports the mistakes that "rules" makes on purpose.
		! own_kernel "$kernel" || others='|rules'
		mapfile -t list < <(programs platform | grep -Ev "/(gigantic$others)$")
		in_vm --kernel "$kernel" --no-kvm --platform --smp 2 -- "${list[@]}"
		;;
	guest | guest-platform | guest-bochs)
		mapfile -t list < <(programs kvm | grep -Ev '/((error_|huge_)?races|conversions|gigantic|lifetimes|apart)$')
		in_vm --kernel "$kernel" "${platform[@]}" "${bochs[@]}" \
			--bring "$("$ROOT/tests/build-module" populate --kernel "$kernel")/kvm_populate_test.ko" \
			-- "${list[@]}"
		;;
	races | races-platform)
		in_vm --kernel "$kernel" "${platform[@]}" --smp 2 \
			-- "$OUT/kvm/"{races,conversions,huge_races,error_races}
		;;
	apart)
		in_vm --kernel "$kernel" --smp 2 --mem "$((1 + more))G" \
			--bring "$("$ROOT/scripts/build-module" --kernel "$kernel" --interface 4000000000)/kvm_private.ko" \
			-- "$OUT/kvm/apart"
		;;
	fuzz)
		in_vm --kernel "$kernel" --smp 2 --platform -- "$OUT/fuzz/fuzz"
		;;
	long-fuzz)
		[[ $kernel != 6.1 ]] || platform=(--no-kvm)
		fuzz_for 300 --kernel "$kernel" --smp 2 "${platform[@]}"
		;;
	lifetimes)
		# Each order takes most of a second on that kernel, and there are 3,828.
		! own_kernel "$kernel" || limit=KVM_PRIVATE_VM_TIMEOUT=${KVM_PRIVATE_VM_TIMEOUT:-6000}
		in_vm --kernel "$kernel" -- "$OUT/kvm/lifetimes"
		;;
	ways)
		mapfile -t list < <(programs ways | grep -v '/locked_down$')
		in_vm --kernel "$kernel" --module brd --mem 1G -- "${list[@]}" \
			>"$LOGS/$1.rows" || status=$?
		# Lockdown wants signatures of modules; our kernels are built without them.
		own_kernel "$kernel" || locked_down "$kernel" >>"$LOGS/$1.rows" || status=$?
		cat "$LOGS/$1.rows"
		[[ $kernel != 6.12 ]] || tap_command "security.md has what each way got" \
			"$ROOT/tests/ways/table" --check "$ROOT/docs/security.md" "$LOGS/$1.rows"
		return "$status"
		;;
	ways-uncleared)
		in_vm --kernel "$kernel" --mem 1G --param init_on_alloc=0 -- "$OUT/ways/afterwards"
		;;
	ways-without-kvm)
		in_vm --kernel "$kernel" --no-kvm --module brd --mem 1G \
			-- "$OUT/ways/"{holder,granted,system,in_flight} || status=$?
		locked_down "$kernel" || status=$?
		return "$status"
		;;
	boots)
		in_vm --kernel "$kernel" --bring "$OUT/vmm/vmm" --bring "$OUT/demo/initrd" \
			--bring "$(kernel_image "$(kernel_version 6.12)")/vmlinuz" -- "$OUT/vmm/boots"
		;;
	provider)
		mapfile -t list < <(programs guest_memfd | grep -Ev '/(off|native|in_place|parameters)$')
		in_vm --kernel "$kernel" "${provider[@]}" -- "${list[@]}"
		;;
	provider-in-place)
		# Any number that isn't a capability's does; in_place.c has the same.
		in_vm --kernel "$kernel" "${provider[@]}" --param kvm.gmem_in_place_conversion=1 \
			--param kvm.gmem_attributes_cap=2048 \
			-- "$OUT/guest_memfd/"{in_place,conversions,conversion_pinned,conversion_arguments,differences,parameters}
		;;
	provider-legacy-mmu)
		mapfile -t list < <(programs guest_memfd | grep -Ev '/(off|native|in_place|parameters|protected|conversion.*)$')
		in_vm --kernel "$kernel" "${provider[@]}" --param kvm.tdp_mmu=0 -- "${list[@]}"
		;;
	provider-shadow)
		in_vm --kernel "$kernel" "${provider[@]}" --param kvm_amd.npt=0 \
			-- "$OUT/guest_memfd/plain_memory"
		;;
	provider-off)
		list=("$OUT/guest_memfd/"{off,native})
		# Later kernels have the provider's interface themselves.
		[[ $kernel != 7.* ]] || mapfile -t list < <(programs guest_memfd |
			grep -Ev '/(off|differences|protected|reloading|in_place|parameters|conversion.*)$')
		in_vm --kernel "$kernel" -- "${list[@]}"
		;;
	preload)
		mapfile -t list < <(programs preload)
		in_vm --kernel "$kernel" --bring "$OUT/preload/lib/libkvm_private_preload.so" -- "${list[@]}"
		;;
	lsm | lsm-provider)
		parameters=(--param security=selinux)
		[[ $name == lsm ]] || parameters+=("${provider[@]}")
		[[ $kernel != 6.1 ]] || parameters+=(--no-kvm)
		in_vm --kernel "$kernel" "${parameters[@]}" --mem 1G \
			--bring "$OUT/lsm/unlabeled.policy" --bring "$OUT/lsm/labeled.policy" \
			-- "$OUT/lsm/selinux"
		;;
	selftests-sev-*)
		[[ $kernel == 6.12 ]] || parameters=("$kernel")
		"$ROOT/tests/selftests/run" "${name##*-}" sev "${parameters[@]}"
		;;
	selftests-*)
		[[ $kernel == 6.12 ]] || parameters=("$kernel")
		"$ROOT/tests/selftests/run" "${name##*-}" "${parameters[@]}"
		;;
	kvm-results)
		"$ROOT/tests/selftests/compare"
		;;
	snp)
		"$ROOT/tests/snp/run" "$OUT/snp/snp"
		;;
	snp-native | snp-private)
		on_snp "$name" "./snp ${name#snp-}" --bring "$OUT/snp/snp"
		;;
	boots-snp)
		# Linux waits for its other CPUs in loops.
		on_snp_with_hash boots_snp boots_snp --smp 2 --bring "$OUT/vmm/boots_snp" \
			--bring "$OUT/vmm/vmm" --bring "$OUT/demo/initrd" \
			--bring "$(kernel_image "$(kernel_version 6.12)")/vmlinuz"
		;;
	snp-provider)
		on_snp "$name" "./snp provided" "${provider[@]}" --bring "$OUT/snp/snp"
		;;
	snp-firmware | snp-report)
		on_snp_with_hash "$name" "${name#snp-}" --bring "$OUT/snp/${name#snp-}"
		;;
	snp-guests)
		# Freed pages are filled with a pattern at once, and looked at when they are
		# allocated: a page that is still assigned then, or that a guest still has mapped,
		# shows.
		in_vm --snp --kernel "$kernel" --mem 2G --param page_poison=1 \
			-- "$OUT/snp/"{launches,pages,limits,granularity,layouts,reclaims,endings,flushes} \
			"$OUT/snp/"{write_traps,cpuid_page}
		;;
	snp-gigantic)
		in_vm --snp --kernel "$kernel" --mem 4G --param hugepagesz=1G \
			--param hugepages=1 -- "$OUT/snp/gigantic"
		;;
	snp-races)
		in_vm --snp --kernel "$kernel" --mem 2G --smp 2 --param page_poison=1 \
			-- "$OUT/snp/"{races,joining,reloads}
		;;
	snp-rmp)
		in_vm --snp --kernel "$kernel" --mem 2G \
			--bring "$("$ROOT/tests/build-module" snp --kernel "$kernel")/kvm_snp_test.ko" \
			-- "$OUT/snp/"{rmp,commands}
		;;
	qemu-snp)
		env "$limit" "$ROOT/tests/qemu/run" --kernel "$kernel"
		;;
	snp-check)
		tap_command "snp-check says YES on the emulated platform" \
			env "$limit" "$ROOT/tests/snp/emulated" "$OUT/snp/snp" "$kernel"
		;;
	tdx)
		env "$limit" "$ROOT/tests/tdx/run" "$OUT/tdx"
		;;
	tdx-model)
		"$ROOT/tests/tdx/model" "$OUT/tdx"
		;;
	tdx-check)
		"$ROOT/tests/tdx/check"
		;;
	demo | demo-platform)
		tap_command "Linux boots from private memory and the demo's story holds" \
			env "$limit" "$ROOT/scripts/demo" "${platform[@]}"
		;;
	dkms)
		tap_command "the module builds through DKMS for $kernel" \
			"$ROOT/tests/dkms/build" --kernel "$kernel"
		;;
	*)
		say "no command is defined for the suite $1"
		return 1
		;;
	esac
}
