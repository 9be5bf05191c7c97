/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sweeps: a call is made with its first request denied, then with its second, and so
 * on, until none is denied.
 */
#ifndef TESTS_FAILURES_SWEEP_H
#define TESTS_FAILURES_SWEEP_H

#include <stdbool.h>
#include <linux/types.h>

#include "scene.h"
#include "snapshot.h"

/**
 * struct sweep - a call, and the checks of it
 * @name: for people
 * @file: of the scene, made anew for each attempt
 * @argument: for the functions below
 * @prepare: the rest of the scene, if there is any
 * @call: returns as a system call does
 * @check: fails the test unless the call has done its work
 * @intact: fails the test unless a call that failed has changed nothing, as far as
 *	the file doesn't tell by itself; may be NULL
 * @end: ends what @prepare and @call have begun; may be NULL
 * @errors: that the call may give, ended by 0; NULL: ENOMEM alone
 * @leftover: the changes that a failed call may leave
 * @locked: how much locked memory it takes until the call has succeeded, if that
 *	isn't the file's size
 * @gives_up: isn't made again after a failure, nor checked
 * @costly: the scene is; all failures share one, which they don't change
 * @recovers: one denial by the module's own points isn't enough for it to fail
 * @needs_ipc_lock: it takes CAP_IPC_LOCK, so that no limit counts
 */
struct sweep {
	const char *name;
	struct scene_file file;
	__u64 argument;
	void (*prepare)(const struct sweep *sweep, struct scene *scene);
	long (*call)(const struct sweep *sweep, struct scene *scene);
	void (*check)(const struct sweep *sweep, struct scene *scene);
	void (*intact)(const struct sweep *sweep, struct scene *scene);
	void (*end)(const struct sweep *sweep, struct scene *scene);
	const int *errors;
	enum leftover leftover;
	__u64 locked;
	bool gives_up;
	bool costly;
	bool recovers;
	bool needs_ipc_lock;
};

/*
 * Makes a test of each sweep and each injector that exists, and runs them. Returns
 * main()'s result.
 */
int sweeps_run(const char *group, const struct sweep *sweeps, unsigned int nr,
	       int (*setup)(void **state), int (*teardown)(void **state));

#endif /* TESTS_FAILURES_SWEEP_H */
