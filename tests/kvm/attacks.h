/* SPDX-License-Identifier: GPL-2.0-only */
/* What several races do to a guest's memory, each an attack_fn. */
#ifndef TESTS_KVM_ATTACKS_H
#define TESTS_KVM_ATTACKS_H

#include "race.h"

/* A random part of the range on patrol, which is at DATA_GPA in the file */
int attack_punch(struct attacker *attacker);
int attack_allocate(struct attacker *attacker);
int attack_populate(struct attacker *attacker);

/* To private or to shared, with any content; the second: of that range */
int attack_convert(struct attacker *attacker);
int attack_convert_range(struct attacker *attacker, __u64 start, __u64 size);

/* Of what a conversion returned: with an error that isn't somebody else's doing? */
bool conversion_failed(int result);

/* Deletes slot 0 and makes it again. */
int attack_recreate_slot(struct attacker *attacker);

/* Sets the clock, which makes KVM write the clock page of both vCPUs anew. */
int attack_set_clock(struct attacker *attacker);

/*
 * A race_plan's carry_on: for a while there is no slot, or it stands between
 * private and shared.
 */
bool despite_efault(int result);

#endif
