# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # the variables of scripts/vm
#
# Starting the machine of scripts/vm and judging how it ended. Uses the
# variables of that script; needs common.sh, cache.sh and splats.sh.

# machine_check_params PARAM...: a parameter that a module of ours doesn't have
# would be ignored by the kernel with hardly a word.
machine_check_params() {
	local param module name file known

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
	[[ -z ${copy_pids:-} ]] || kill "${copy_pids[@]}" 2>/dev/null || true
	[[ -z ${work:-} ]] || rm -rf "$work"
}

machine_log_name() {
	mkdir -p "$CACHE/log"
	find "$CACHE/log" -type f -mtime +3 -delete
	mktemp "$CACHE/log/$(date +%Y%m%d-%H%M%S)-XXXXXX.log"
}

# machine_run: returns when the machine is off.
machine_run() {
	local arguments port copy

	console=$(machine_log_name)
	say "console log: $console"

	# A pipe each, so that output arrives while it is written and whatever
	# our stdout is, QEMU needn't open it again.
	copy_pids=()
	mkfifo "$work/stdout" "$work/stderr"
	cat <"$work/stdout" &
	copy_pids+=("$!")
	cat <"$work/stderr" >&2 &
	copy_pids+=("$!")
	# Both ends are open before QEMU starts: if it fails the copies see the end.
	exec {stdout_fd}>"$work/stdout" {stderr_fd}>"$work/stderr"

	arguments=(
		-nodefaults -no-user-config -nographic -no-reboot
		-machine q35 -m "$mem" -smp "$smp"
		-kernel "$image/vmlinuz" -initrd "$work/initramfs"
		# Only warnings and worse reach the slow serial console; the whole
		# log comes over its own port at the end.
		-append "console=ttyS0 loglevel=5 panic=-1 rdinit=/init ${params[*]}"
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
	if [[ $icount ]]; then
		arguments+=(
			-accel "tcg,thread=single" -cpu "max,-erms"
			-icount "shift=0,sleep=off" -rtc clock=vm -seed 1
		)
	else
		arguments+=(-accel tcg -cpu max)
	fi

	timeout -k 5 "$timeout" qemu-system-x86_64 "${arguments[@]}" \
		</dev/null >"$work/qemu" 2>&1 {stdout_fd}>&- {stderr_fd}>&- &
	machine_pid=$!
	qemu_status=0
	wait "$machine_pid" || qemu_status=$?
	machine_pid=
	exec {stdout_fd}>&- {stderr_fd}>&-
	for copy in "${copy_pids[@]}"; do
		wait "$copy" || true
	done
	copy_pids=()
}

# machine_verdict: exits. Only what the machine itself reported as its last
# word counts as a status; a complaint of the kernel outweighs it.
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
		exit 90
	fi
	if [[ $qemu_status -eq 124 || $qemu_status -eq 137 ]]; then
		say "the machine was stopped after $timeout s without an answer;" \
			"KVM_PRIVATE_VM_TIMEOUT gives it more time"
		exit 91
	fi
	if [[ $unready ]]; then
		say "the machine wasn't ready: $unready; the console log tells why"
		exit 92
	fi
	if [[ -z $status ]]; then
		if [[ $qemu_status -ne 0 ]]; then
			cat "$work/qemu" >&2
			say "QEMU failed with status $qemu_status"
		elif [[ $started ]]; then
			say "the machine went down while the command ran"
		else
			say "the machine went down before the command started"
		fi
		exit 91
	fi
	exit "$status"
}
