/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of the module's test build; see module/debug/. */
#ifndef TESTS_FAILURES_OWN_POINTS_H
#define TESTS_FAILURES_OWN_POINTS_H

#define MODULE_PARAMETERS "/sys/module/kvm_private/parameters/"

#define FAIL_NTH MODULE_PARAMETERS "fail_nth"
#define FAIL_AGAIN MODULE_PARAMETERS "fail_again"
#define FAIL_POINTS MODULE_PARAMETERS "fail_points"
#define DETOUR_POINTS MODULE_PARAMETERS "detour_points"

/* Any build has this one. */
#define LIMIT MODULE_PARAMETERS "limit"

#endif /* TESTS_FAILURES_OWN_POINTS_H */
