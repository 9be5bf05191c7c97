/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_ATTACK_H
#define TESTS_DEMO_ATTACK_H

#include "ways_in.h"

/*
 * Tries each way in on a page of ordinary memory, where it has to work, and
 * then on @target, where it must not, and tells what came of it. What was
 * overwritten only the owner of the page can tell.
 */
void attack(const struct way_target *target);

#endif /* TESTS_DEMO_ATTACK_H */
