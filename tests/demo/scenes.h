/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_SCENES_H
#define TESTS_DEMO_SCENES_H

#include "vmm.h"

/*
 * The parts of the story. Each has a guest of its own, configured by @config.
 * The caller ends the process that the guest was in.
 */

/* A guest that keeps all of its memory for itself. */
void scene_sealed(const struct vmm_config *config);

/* A guest that shares a page, and takes it back. */
void scene_sharing(const struct vmm_config *config);

/* A guest that the processor keeps from the host's kernel, too. */
void scene_encrypted(const struct vmm_config *config);

/* A guest that doesn't know of the story. Its console is standard I/O. */
void scene_foreign(const struct vmm_config *config);

#endif /* TESTS_DEMO_SCENES_H */
