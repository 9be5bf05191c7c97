/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_KMOD_H
#define TESTS_LIB_KMOD_H

/*
 * Loads NAME.ko from the working directory, or removes the module. System calls:
 * -1 and errno on an error.
 */
int module_load(const char *name);
int module_unload(const char *name);

/* How many users a loaded module has; fails the test if it isn't loaded */
unsigned int module_users(const char *name);

#endif /* TESTS_LIB_KMOD_H */
