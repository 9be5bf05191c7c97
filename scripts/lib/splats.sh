# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tells from a kernel's log and taint whether the kernel complained.

SPLATS=(
	'-+\[ cut here \]-+'
	'WARNING: '
	'\bBUG: '
	'\bBUG [^ ]+ \('
	'\b(BUG|WARN) at '
	'\bOops(:| )'
	'general protection fault(,|:)'
	'(Unable|unable) to handle '
	'(divide|double fault|invalid opcode|stack segment|int3)(:|,) '
	'Kernel panic'
	'rcu.*(detected.*stall|self-detected stall|detected expedited stalls)'
	'rcu_.* kthread starved'
	'INFO: task .* blocked for more than'
	'(soft|hard) (LOCKUP|lockup)'
	'INFO: (possible|trying to register|lockdep)'
	'(UBSAN|KASAN|KCSAN|KMSAN): '
	'DEBUG_LOCKS_WARN_ON'
	'list_(add|del) (corruption|double add)'
	'refcount_t: '
	'Bad page (state|map|cache)'
	'Bad rss-counter'
	'pagealloc: (single bit error|memory corruption)'
	'ODEBUG: '
	'usercopy: Kernel memory'
	'kmemleak: [0-9]+ new'
	'unreferenced object'
	'Slab (corruption|cache still has objects)|Objects remaining'
	'sysfs: cannot create duplicate'
	'unregister_netdevice: waiting'
	'Unknown symbol|disagrees about version of symbol'
	'work func .*\[kvm.* enqueued on deprecated workqueue'
	# Messages of tests/platform and tests/platforms/tdx
	'kvm_private_platform: violation: '
	'tdx model: violation: '
)

# Messages of a healthy kernel
HARMLESS='WARNING: Unprivileged eBPF'

# all_but_foreign_races: filters the heads of KCSAN's reports of races in which no code of ours
# has a part: the kernel has many of its own, and KVM has. A task that was interrupted, or that
# waits, has no part in a race meanwhile. A report that was cut short stays, and so do other
# messages amid one.
all_but_foreign_races() {
	awk '
		/BUG: KCSAN: / { if (head) print head; head = $0; idle = 0 }
		/^(\[[ 0-9.]+\] *)?$/ { idle = 0 }
		/asm_sysvec_|asm_common_interrupt|__schedule\+/ { idle = 1 }
		head && !idle && /kvm_private/ { print head; head = "" }
		/==========/ { head = "" }
		!/BUG: KCSAN: / { print }
		END { if (head) print head }
	'
}

# splats_pattern: prints an extended regular expression for lines that may be a complaint.
splats_pattern() {
	local IFS='|'

	printf '%s' "${SPLATS[*]}"
}

# splats FILE...: prints the lines that are a complaint, if there are any.
splats() {
	local pattern text found status=0

	pattern=$(splats_pattern)
	text=$(cat -- "$@" | tr -d '\0' | all_but_foreign_races) || die "can't read the kernel's log"
	found=$(grep -aE -e "$pattern" <<<"$text") || status=$?
	[[ $status -le 1 ]] || die "can't search the kernel's log"
	[[ -z $found ]] || grep -avE -e "$HARMLESS" <<<"$found" || true
}

# taint_complaints MASK: prints the bits that stand for a complaint. Those for modules from
# elsewhere and without a signature are due to our modules.
taint_complaints() {
	local -A bits=([4]='machine check' [5]='bad page' [7]='oops' [9]='warning'
		[14]='soft lockup')
	local bit

	for bit in "${!bits[@]}"; do
		(($1 >> bit & 1)) && printf '%s\n' "${bits[$bit]}"
	done
	return 0
}
