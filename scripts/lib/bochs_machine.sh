# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # the variables of scripts/vm
#
# A machine with an Intel processor that has VMX, emulated by Bochs. Uses the variables of
# scripts/vm; needs common.sh and machine.sh.

# Addresses from 3 GiB to 4 GiB belong to devices, and Bochs moves no memory away from there.
BOCHS_LIMIT_MIB=3072

# Instructions in a second of the machine's time. A processor of ours takes about as long for
# them.
BOCHS_IPS=100000000

bochs_check() {
	! own_kernel "$line" || die_usage "--$line has no kvm-intel, which --bochs is for"
	[[ $smp -eq 1 ]] || die_usage "--bochs has one processor, so --smp $smp doesn't go with it"
	[[ $numa -eq 1 ]] || die_usage "--bochs has one node, so --numa $numa doesn't go with it"
	[[ ! $icount ]] || die_usage "--bochs always counts instructions; leave --icount out"
	[[ ! $erms ]] || die_usage "--bochs has no ERMS to leave; --erms is for QEMU"
	[[ ! $snp ]] || die_usage "--bochs is an Intel machine, and --snp one of AMD"
	(($(machine_memory_mib) <= BOCHS_LIMIT_MIB)) ||
		die_usage "--bochs takes up to --mem ${BOCHS_LIMIT_MIB}M, not $mem"
}

# bochs_disc WORD...: makes a CD that boots the kernel with these words: Bochs loads none by
# itself.
bochs_disc() {
	local disc=$work/disc

	mkdir -p "$disc/boot/grub"
	cp "$image/vmlinuz" "$disc"
	mv "$work/initramfs" "$disc"
	cat >"$disc/boot/grub/grub.cfg" <<-END
	linux /vmlinuz $*
	initrd /initramfs
	boot
	END
	grub-mkrescue -o "$work/disc.iso" --install-modules="linux normal" \
		--fonts= --locales= --themes= "$disc" >"$work/emulator" 2>&1 ||
		die "grub-mkrescue failed: $(cat "$work/emulator")"
	rm -rf "$disc"
}

# bochs_configuration: prints Bochs' bochsrc. guest-serial has the ports' uses. A triple fault
# is how the machine ends when its kernel restarts.
bochs_configuration() {
	local mib port=1 channel

	mib=$(machine_memory_mib)
	cat <<-END
	display_library: term
	plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1
	cpu: model=corei7_haswell_4770, ips=$BOCHS_IPS, reset_on_triple_fault=0, ignore_bad_msrs=1
	memory: guest=$mib, host=$mib
	romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	ata0-master: type=cdrom, path=$work/disc.iso, status=inserted
	boot: cdrom
	clock: sync=none, time0=1767225600
	log: $work/bochs.log
	panic: action=fatal
	error: action=ignore
	info: action=ignore
	debug: action=ignore
	END
	for channel in "$console" "$work"/{stdout,stderr,verdict}; do
		printf 'com%d: enabled=1, mode=file, dev=%s\n' "$((port++))" "$channel"
	done
}

# bochs_drain: reads what the display of Bochs writes to a terminal that it makes, to the end.
# Bochs waits for ever once some tens of thousands of bytes are there without a reader.
bochs_drain() {
	local terminal=''

	until [[ $terminal ]]; do
		sleep 0.2
		terminal=$(sed -n 's/.*connected to screen "\(.*\)".*/\1/p' "$work/emulator") ||
			return
	done
	exec cat "$terminal" >/dev/null 2>&1
}

# bochs_machine WORD...: sets "program" to the command that runs the machine, given the words
# of the kernel's command line.
#
# Debian's Bochs has its debugger in it, which is to continue, and the only display without a
# screen is a terminal. Leaf 4 of its CPUID tells of more cores than leaf 1, which the kernel
# warns about unless the feature HT is cleared. The mitigations and separate page tables for
# user space guard against nothing here and cost time.
bochs_machine() {
	bochs_disc "console=ttyS0,115200 panic=-1 reboot=triple clearcpuid=ht mitigations=off" \
		"$*" "${params[*]}"
	bochs_configuration >"$work/bochsrc"
	echo c >"$work/debugger"
	# What grub-mkrescue said isn't the emulator's.
	: >"$work/emulator"
	bochs_drain {stdout_fd}>&- {stderr_fd}>&- {heartbeat_fd}>&- &
	drain_pid=$!
	program=(env TERM=xterm script -qec
		"exec bochs -f '$work/bochsrc' -rc '$work/debugger'" /dev/null)
}
