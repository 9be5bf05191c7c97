# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # the variables of scripts/vm
#
# Starting the machine of scripts/vm and judging how it ended. Uses the
# variables of that script; needs common.sh, cache.sh, splats.sh, snp_machine.sh and
# bochs_machine.sh.

# machine_check_params TREE PARAM...: the kernel would ignore a parameter that a module of the
# initramfs doesn't have, with hardly a message.
machine_check_params() {
	local param module name file known modules

	mapfile -t modules < <(find "$1/lib/modules" -name '*.ko')
	shift
	for param; do
		module=${param%%.*}
		name=${param#*.}
		name=${name%%=*}
		for file in "${modules[@]}"; do
			known=$(basename "$file" .ko)
			[[ ${known//-/_} == "${module//-/_}" ]] || continue
			modinfo -F parm "$file" | grep -q "^$name:" ||
				die_usage "$module has no parameter '$name'; it has:" \
					"$(modinfo -F parm "$file" | cut -d: -f1 | paste -sd' ')"
		done
	done
}

# machine_command WORD...: prints a script for busybox's sh.
machine_command() {
	local word

	printf 'exec'
	for word; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
	printf '\n'
}

machine_cleanup() {
	[[ -z ${machine_pid:-} ]] || kill "$machine_pid" 2>/dev/null || true
	[[ -z ${heartbeat_pid:-} ]] || kill "$heartbeat_pid" 2>/dev/null || true
	[[ -z ${watch_pid:-} ]] || kill "$watch_pid" 2>/dev/null || true
	[[ -z ${drain_pid:-} ]] || kill "$drain_pid" 2>/dev/null || true
	[[ -z ${copy_pids:-} ]] || kill "${copy_pids[@]}" 2>/dev/null || true
	[[ -z ${work:-} ]] || rm -rf "$work"
}

machine_log_name() {
	mkdir -p "$CACHE/log"
	find "$CACHE/log" -type f -mtime +3 -delete
	mktemp "$CACHE/log/$(date +%Y%m%d-%H%M%S)-XXXXXX.log"
}

# machine_copy: to the end of the input, even if the output has no reader any more: QEMU would
# wait for ever for a pipe without a reader.
machine_copy() {
	cat 2>/dev/null || cat >/dev/null
}

# machine_heartbeat: a byte now and then, for ever, from outside the machine.
#
# QEMU 7.2 clears bits in a processor's pending interrupts, at each exit of a nested guest,
# with an access that isn't atomic. An interrupt that its main loop raises meanwhile is lost:
# it waits in the APIC until the next one makes QEMU look again. If the lost interrupt was the
# timer's there is no next one, and the machine is dead. Seen with 2-processor guests about
# once in 10 boots.
machine_heartbeat() {
	while sleep 0.2; do
		echo
	done
}

# How long a report may take to be written, and a machine to end by itself after it
WATCH_GRACE=10

# machine_watch PID: ends the machine some seconds after its kernel complained. An oops with a
# lock held leaves a machine that waits for ever, and the verdict is certain by then.
#
# Looks from outside, once a second, at the new part of the console's log. It starts no process
# for that, and nothing in the machine depends on it.
machine_watch() {
	local LC_ALL=C pattern line rest='' suspect never log before after

	pattern=$(splats_pattern)
	mkfifo "$work/never"
	exec {never}<>"$work/never" {log}<"$console"
	while :; do
		read -r -t 1 -u "$never" || true
		suspect=
		while IFS= read -r -u "$log" line; do
			[[ ! $rest$line =~ $pattern ]] || suspect=1
			rest=
		done
		rest+=$line
		[[ $suspect ]] || continue

		# A KCSAN report can be judged foreign only when all of it is there, so a line
		# counts as a complaint only if it still does WATCH_GRACE seconds later.
		before=$(splats "$console")
		[[ $before ]] || continue
		read -r -t "$WATCH_GRACE" -u "$never" || true
		after=$(splats "$console")
		grep -aqFx -e "$before" <<<"$after" || continue
		touch "$work/stopped"
		kill "$1" 2>/dev/null || rm -f "$work/stopped"
		return
	done
}

# machine_memory_mib: the size of the machine's memory.
machine_memory_mib() {
	local size=${mem%[MG]}

	[[ $mem == *M ]] || size=$((size * 1024))
	printf '%s\n' "$size"
}

# machine_numa: prints QEMU's arguments for its nodes, one a line. There may be more nodes than
# processors, each of which has a socket: the kernel complains about a socket in two nodes.
machine_numa() {
	local node first last size

	size=$(machine_memory_mib)
	printf '%s\n' -smp "$smp,sockets=$smp"
	# The remainder goes to the first node.
	for ((node = 0; node < numa; node++)); do
		printf '%s\n' -object "memory-backend-ram,id=node$node,size=$((
			size / numa + (node ? 0 : size % numa)))M"
		first=$(((node * smp + numa - 1) / numa))
		last=$((((node + 1) * smp + numa - 1) / numa - 1))
		printf '%s\n' -numa "node,nodeid=$node,memdev=node$node$(
			((first > last)) || printf ',cpus=%d-%d' "$first" "$last")"
	done
}

# machine_qemu WORD...: sets "program" to the command that runs the machine in QEMU, given the
# words of the kernel's command line.
machine_qemu() {
	local arguments=() nodes port words=$* qemu=qemu-system-x86_64 cpu=max

	# The kernel's check of the timer assumes a machine that isn't kept waiting.
	words="console=ttyS0 no_timer_check panic=-1 $words"
	[[ ! $snp ]] || snp_machine
	words+=" ${params[*]}"
	arguments+=(
		-nodefaults -no-user-config -nographic -no-reboot
		-machine q35 -m "$mem" -smp "$smp"
		-kernel "$image/vmlinuz" -initrd "$work/initramfs"
		-append "$words"
		-chardev "file,id=console,path=$console"
		-serial chardev:console
		-device virtio-serial-pci
	)
	for port in stdout stderr verdict log; do
		arguments+=(
			-chardev "file,id=$port,path=$work/$port"
			-device "virtserialport,chardev=$port,name=$port"
		)
	done
	arguments+=(
		-chardev "pipe,id=heartbeat,path=$work/heartbeat"
		-device "virtserialport,chardev=heartbeat,name=heartbeat"
	)
	# The clearing of a byte is an instruction here, which takes its time.
	[[ $erms ]] || cpu+=,-erms
	if [[ $icount ]]; then
		arguments+=(
			-accel "tcg,thread=single" -cpu "$cpu"
			-icount "shift=0,sleep=off" -rtc "base=2026-01-01,clock=vm"
			-seed "${seed:-1}"
		)
	else
		# Processors take turns: with a thread for each, QEMU may run one in code that
		# another one is patching, and the kernel dies of it.
		arguments+=(-accel "tcg,thread=single" -cpu "$cpu")
	fi

	if [[ $numa -gt 1 ]]; then
		mapfile -t nodes < <(machine_numa)
		arguments+=("${nodes[@]}")
	fi
	program=("$qemu" "${arguments[@]}")
}

# machine_run: returns when the machine is off.
machine_run() {
	local copy program words

	console=$(machine_log_name)
	say "console log: $console"

	# Each has a pipe, so that output arrives while it is written. The emulator needn't open
	# our stdout again, whatever that is.
	copy_pids=()
	mkfifo "$work/stdout" "$work/stderr"
	machine_copy <"$work/stdout" &
	copy_pids+=("$!")
	machine_copy <"$work/stderr" >&2 &
	copy_pids+=("$!")
	# Both ends are open before the emulator starts: if it fails the copies get an EOF.
	exec {stdout_fd}>"$work/stdout" {stderr_fd}>"$work/stderr"

	mkfifo "$work/heartbeat.in" "$work/heartbeat.out"
	exec {heartbeat_fd}<>"$work/heartbeat.in"
	# With a clock that counts instructions that race can't happen, and nothing from
	# outside may disturb the clock.
	if [[ ! $icount && ! $bochs ]]; then
		machine_heartbeat >"$work/heartbeat.in" {heartbeat_fd}>&- \
			{stdout_fd}>&- {stderr_fd}>&- &
		heartbeat_pid=$!
	fi

	# Only warnings and worse reach the slow serial console; the whole log comes at the end.
	# RCU's check assumes a machine that isn't kept waiting.
	words="rcupdate.rcu_cpu_stall_timeout=300 loglevel=5 rdinit=/init"
	[[ $kaslr ]] || words+=" nokaslr"
	# The checks of such a kernel cost time, so its time limits are longer. It fills freed
	# memory with a pattern, and checks that when it allocates the memory: only this shows
	# a guest's write to a page that it no longer has.
	! own_kernel "$line" || words="page_poison=1 watchdog_thresh=60 log_buf_len=4M $words"
	if [[ $bochs ]]; then
		bochs_machine "$words"
	else
		machine_qemu "$words"
	fi

	# The files exist even if the emulator doesn't start.
	touch "$work/verdict" "$work/log"
	timeout -k 5 "$timeout" "${program[@]}" \
		</dev/null >"$work/emulator" 2>&1 {stdout_fd}>&- {stderr_fd}>&- \
		{heartbeat_fd}>&- &
	machine_pid=$!
	machine_status=0
	machine_seconds=$SECONDS
	if [[ ! $keep_going ]]; then
		machine_watch "$machine_pid" >/dev/null {stdout_fd}>&- {stderr_fd}>&- \
			{heartbeat_fd}>&- &
		watch_pid=$!
	fi
	wait "$machine_pid" || machine_status=$?
	machine_seconds=$((SECONDS - machine_seconds))
	machine_pid=
	[[ -z ${watch_pid:-} ]] || kill "$watch_pid" 2>/dev/null || true
	watch_pid=
	[[ -z ${heartbeat_pid:-} ]] || kill "$heartbeat_pid"
	heartbeat_pid=
	[[ -z ${drain_pid:-} ]] || kill "$drain_pid" 2>/dev/null || true
	drain_pid=
	exec {stdout_fd}>&- {stderr_fd}>&- {heartbeat_fd}>&-
	for copy in "${copy_pids[@]}"; do
		wait "$copy" || true
	done
	copy_pids=()
}

# machine_verdict: exits. Only the machine's own report counts as a status, if it is its last
# word; a complaint of the kernel outweighs it.
machine_verdict() {
	local complaints started='' status='' taint='' unready='' word rest

	while read -r word rest; do
		case $word in
		started) started=1 ;;
		unready) unready=$rest ;;
		status)
			if [[ $rest =~ ^([0-9]+)\ taint\ ([0-9]+)\ end$ ]]; then
				status=${BASH_REMATCH[1]}
				taint=${BASH_REMATCH[2]}
			fi
			;;
		esac
	done <"$work/verdict"
	[[ ! -s $work/log ]] || {
		printf '\n==== the whole kernel log, as dmesg told it ====\n'
		cat "$work/log"
	} >>"$console"

	complaints=$(splats "$console")
	[[ -z $taint ]] || complaints+=$(taint_complaints "$taint")
	if [[ $complaints ]]; then
		say "the kernel complained:"
		head -n 5 <<<"$complaints" >&2
		[[ ! -e $work/stopped ]] ||
			say "the machine was stopped for it after $machine_seconds s;" \
				"--keep-going lets it go on"
		exit 90
	fi
	if [[ $machine_status -eq 124 || $machine_status -eq 137 ]]; then
		if ((machine_seconds < timeout)); then
			say "$emulator was killed after $machine_seconds s: is there memory enough?"
			exit 92
		fi
		say "the machine was stopped after $timeout s without an answer;" \
			"KVM_PRIVATE_VM_TIMEOUT gives it more time"
		exit 91
	fi
	if [[ $unready ]]; then
		say "the machine wasn't ready: $unready; the console log tells why"
		exit 92
	fi
	if [[ -z $status ]]; then
		if [[ $machine_status -ne 0 ]]; then
			cat "$work/emulator" >&2
			say "$emulator failed with status $machine_status"
		elif [[ $started ]]; then
			say "the machine went down while the command ran"
		else
			say "the machine went down before the command started"
		fi
		exit 91
	fi
	exit "$status"
}
