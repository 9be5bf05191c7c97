/* SPDX-License-Identifier: GPL-2.0-only */
/* Attacks that several races make on a guest's memory, each an attack_fn */
#ifndef TESTS_KVM_ATTACKS_H
#define TESTS_KVM_ATTACKS_H

#include "race.h"

/* A random part of the range on patrol, which is at DATA_GPA in the file */
int attack_punch(struct attacker *attacker);
int attack_allocate(struct attacker *attacker);
int attack_populate(struct attacker *attacker);

/*
 * To private or to shared, with any content. attack_convert_range() converts that
 * range.
 */
int attack_convert(struct attacker *attacker);
int attack_convert_range(struct attacker *attacker, __u64 start, __u64 size);

/* Whether a conversion's result is an error that no other thread's work explains */
bool conversion_failed(int result);

/* Deletes slot 0 and makes it again. */
int attack_recreate_slot(struct attacker *attacker);

/* Sets the clock, which makes KVM write the clock page of both vCPUs anew. */
int attack_set_clock(struct attacker *attacker);

/*
 * A race_plan's carry_on for races in which there is no slot for a while, or the
 * page lies between private and shared.
 */
bool despite_efault(int result);

#endif
