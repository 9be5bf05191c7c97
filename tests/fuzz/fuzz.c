// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer: in each round a program follows from the seed, is run, and has to end as
 * predicted. See docs/fuzzing.md.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complaints.h"
#include "generate.h"
#include "leftovers.h"
#include "poll_until.h"
#include "run.h"
#include "shrink.h"
#include "unit.h"

/* Rounds between two looks at the charges */
#define ROUNDS_A_LOOK	32

static struct {
	__u64 seed;
	__u64 first;
	__u64 rounds;
	unsigned long operations;
	unsigned int seconds;
	bool guests;
	bool print;
	bool verbose;
	bool whole;
	const char *replay;
} options = { .seed = 1, .guests = true };

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: fuzz [OPTION]...\n\n"
		"  --seed N         what all programs follow from (1)\n"
		"  --seconds N      go on for so long (60, unless an end is set otherwise)\n"
		"  --operations N   or for so many operations\n"
		"  --rounds N       or for so many programs\n"
		"  --round N        begin with that one; alone it is the only one\n"
		"  --replay FILE    run the program in FILE instead, so often as --rounds says\n"
		"  --print          print the first program and run none\n"
		"  --no-guests      without VMs\n"
		"  --no-shrink      print what fails as it is\n"
		"  --verbose        say which round it is\n");
}

static __u64 number(const char *text)
{
	char *end;
	__u64 value = strtoull(text, &end, 0);

	if (end != text && !*end)
		return value;
	fprintf(stderr, "'%s' is no number\n", text);
	exit(2);
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "operations", required_argument, NULL, 'o' },
		{ "rounds", required_argument, NULL, 'n' },
		{ "round", required_argument, NULL, 'r' },
		{ "replay", required_argument, NULL, 'f' },
		{ "print", no_argument, NULL, 'p' },
		{ "no-guests", no_argument, NULL, 'g' },
		{ "no-shrink", no_argument, NULL, 'w' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	bool one = false;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.seed = number(optarg);
			break;
		case 't':
			options.seconds = number(optarg);
			break;
		case 'o':
			options.operations = number(optarg);
			break;
		case 'n':
			options.rounds = number(optarg);
			break;
		case 'r':
			options.first = number(optarg);
			one = true;
			break;
		case 'f':
			options.replay = optarg;
			one = true;
			break;
		case 'p':
			options.print = true;
			break;
		case 'g':
			options.guests = false;
			break;
		case 'w':
			options.whole = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (one && !options.rounds && !options.seconds && !options.operations)
		options.rounds = 1;
	if (!options.rounds && !options.seconds && !options.operations)
		options.seconds = 60;
}

static void make_program(struct program *program, __u64 round)
{
	FILE *file;

	if (!options.replay)
		return generate(program, options.seed, round, options.guests);
	file = fopen(options.replay, "re");
	if (!file || !program_read(program, file)) {
		fprintf(stderr, "can't read a program from %s\n", options.replay);
		exit(2);
	}
	fclose(file);
}

static void report(struct program *program, struct verdict *verdict, __u64 round)
{
	printf("# found with --seed %llu --round %llu, in %u operations: %s\n",
	       options.seed, round, program->nr_ops, verdict->what);
	fflush(stdout);
	if (verdict->kernel_broke)
		printf("# for the rest it takes a machine each: scripts/fuzz --shrink FILE\n");
	else if (!options.whole)
		shrink(program, verdict);
	printf("# what is left has %u operations: %s\n", program->nr_ops,
	       verdict->what);
	program_print(program, stdout);
	fflush(stdout);
}

struct totals {
	__u64 rounds;
	unsigned long done;
	unsigned long left_out;
	unsigned long fallbacks;
};

static bool has_ended(const struct totals *totals, double end)
{
	return (options.seconds && seconds_now() >= end) ||
	       (options.operations && totals->done >= options.operations) ||
	       (options.rounds && totals->rounds >= options.rounds);
}

static bool one_round(struct totals *totals)
{
	const __u64 round = options.first + totals->rounds++;
	struct verdict verdict;
	struct program program;
	bool fine;

	make_program(&program, round);
	if (options.verbose)
		printf("# round %llu\n", round);
	fine = run_program(&program, &verdict);
	totals->done += verdict.done;
	totals->left_out += verdict.left_out;
	totals->fallbacks += verdict.fallbacks;
	if (!fine)
		report(&program, &verdict, round);
	program_free(&program);
	return fine;
}

TEST(sequences)
{
	const double end = seconds_now() + options.seconds;
	struct totals totals = { 0 };
	bool fine = true;

	while (fine && !has_ended(&totals, end)) {
		fine = one_round(&totals);
		if (fine && totals.rounds % ROUNDS_A_LOOK == 0)
			leftovers_check_charges();
	}
	printf("# seed %llu: %llu programs, %lu operations, %lu of them left out",
	       options.seed, totals.rounds, totals.done, totals.left_out);
	printf(", %lu times not in one piece\n", totals.fallbacks);
	assert_true(fine);
}

TEST(nothing_is_left)
{
	leftovers_check_all();
}

static int setup(void **state)
{
	(void)state;
	run_init();
	complaints_start();
	leftovers_start();
	return 0;
}

int main(int argc, char **argv)
{
	struct program program;

	parse(argc, argv);
	/* Each program has its own watchdog. */
	alarm(0);
	if (options.print) {
		make_program(&program, options.first);
		program_print(&program, stdout);
		return 0;
	}
	return tests_run("fuzz", &(struct fixture){ .setup = setup });
}
