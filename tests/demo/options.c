// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A guest of ours talks only to the story, so its kernel is quiet. The other
 * options are those that a machine without firmware needs.
 */
#define OUR_COMMAND_LINE \
	"console=ttyS0 loglevel=3 acpi=off reboot=t panic=-1"
#define FOREIGN_COMMAND_LINE \
	"console=ttyS0 acpi=off reboot=t panic=-1"

/* It finds its CPUs in ACPI tables. */
#define SNP_COMMAND_LINE \
	"console=ttyS0 loglevel=3 reboot=t panic=-1"

#define OUR_MIB		256
#define FOREIGN_MIB	1024

static const char usage[] =
	"usage: demo --kernel FILE --initrd FILE [--no-driver | --snp]\n"
	"            [--foreign [--append TEXT]]\n"
	"Boots guests from private memory and tells what happens.\n"
	"\n"
	"  --kernel FILE   a Linux kernel (bzImage)\n"
	"  --initrd FILE   the initial file system that make-initrd made\n"
	"  --no-driver     it has no driver for that kernel: the story leaves out the\n"
	"                  guest that shares a page\n"
	"  --snp           the host has SEV-SNP: only the scene that needs it\n"
	"  --foreign       it is another one: its console is here, and the story\n"
	"                  leaves out what needs the guest's help\n"
	"  --append TEXT   its kernel's command line\n"
	"                  (" FOREIGN_COMMAND_LINE ")\n";

struct options options_parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "no-driver", no_argument, NULL, 'd' },
		{ "snp", no_argument, NULL, 's' },
		{ "foreign", no_argument, NULL, 'f' },
		{ "append", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = {
		.config = {
			.nr_cpus = 1,
		},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'k':
			options.config.kernel = optarg;
			break;
		case 'i':
			options.config.initrd = optarg;
			break;
		case 'd':
			options.no_driver = true;
			break;
		case 's':
			options.snp = true;
			break;
		case 'f':
			options.foreign = true;
			break;
		case 'a':
			options.config.command_line = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!options.config.kernel || !options.config.initrd || optind < argc ||
	    (options.config.command_line && !options.foreign)) {
		fputs(usage, stderr);
		exit(2);
	}

	if (options.foreign) {
		if (!options.config.command_line)
			options.config.command_line = FOREIGN_COMMAND_LINE;
		options.config.memory_size = (__u64)FOREIGN_MIB << 20;
	} else {
		options.config.command_line =
			options.snp ? SNP_COMMAND_LINE : OUR_COMMAND_LINE;
		options.config.memory_size = (__u64)OUR_MIB << 20;
	}
	return options;
}
