// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small virtual machine monitor: boots Linux from private memory, with its
 * console on standard input and output, and ends when the guest does.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "vmm.h"

#define DEFAULT_COMMAND_LINE	"console=ttyS0 quiet reboot=t panic=-1"

static const char usage[] =
	"usage: vmm --kernel FILE [OPTION]...\n"
	"Boots a Linux kernel (bzImage) in a KVM guest; its console is here.\n"
	"\n"
	"  --kernel FILE   the kernel, like /boot/vmlinuz-VERSION\n"
	"  --initrd FILE   its initial file system\n"
	"  --append TEXT   its command line (" DEFAULT_COMMAND_LINE ")\n"
	"  --mem MIB       the guest's memory in MiB (256)\n"
	"  --cpus NUMBER   the guest's CPUs (1)\n"
	"  --memory KIND   kvm_private: nothing but the guest can reach it (default)\n"
	"                  in-place: as long as it doesn't share a page itself\n"
	"                  plain: ordinary memory\n"
	"  --snp           an SEV-SNP guest, with memory in-place\n"
	"  --huge          private memory has pages of 2 MiB\n";

static unsigned long parse_number(const char *text, const char *what)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || !number)
		errx(2, "%s: \"%s\" is not a positive number", what, text);
	return number;
}

static enum memory_kind parse_kind(const char *text)
{
	if (!strcmp(text, "kvm_private"))
		return MEMORY_PRIVATE;
	if (!strcmp(text, "in-place"))
		return MEMORY_IN_PLACE;
	if (!strcmp(text, "plain"))
		return MEMORY_PLAIN;
	errx(2, "--memory: \"%s\" is none of kvm_private, in-place and plain", text);
}

static struct vmm_config parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "mem", required_argument, NULL, 'm' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "memory", required_argument, NULL, 't' },
		{ "snp", no_argument, NULL, 's' },
		{ "huge", no_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct vmm_config config = {
		.command_line = DEFAULT_COMMAND_LINE,
		.memory_size = 256ULL << 20,
		.memory_kind = MEMORY_PRIVATE,
		.nr_cpus = 1,
		.output = terminal_output,
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'k':
			config.kernel = optarg;
			break;
		case 'i':
			config.initrd = optarg;
			break;
		case 'a':
			config.command_line = optarg;
			break;
		case 'm':
			config.memory_size =
				(__u64)parse_number(optarg, "--mem") << 20;
			break;
		case 'c':
			config.nr_cpus = parse_number(optarg, "--cpus");
			break;
		case 't':
			config.memory_kind = parse_kind(optarg);
			break;
		case 's':
			config.snp = true;
			config.memory_kind = MEMORY_IN_PLACE;
			break;
		case 'g':
			config.huge = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!config.kernel || optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
	if (config.snp && config.memory_kind != MEMORY_IN_PLACE)
		errx(2, "--snp goes with --memory in-place alone");
	return config;
}

int main(int argc, char **argv)
{
	struct vmm_config config = parse(argc, argv);
	struct vmm vmm;

	vmm_create(&vmm, &config);
	terminal_connect(&vmm.ports.console);
	vmm_start(&vmm);
	vmm_wait(&vmm);
	return 0;
}
