// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules, how often they were checked, and the message when one is broken:
 * scripts/vm fails a run whose log has such a line.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/module.h>

#include "platform.h"

#include "../rule_names.h"

static atomic64_t checked[KPP_NR_RULES];
static atomic64_t violated[KPP_NR_RULES];
static atomic64_t provoked[KPP_NR_RULES];
static unsigned long armed;

/**
 * kpp_rule() - check a rule
 * @rule: which
 * @kept: whether it is kept
 * @format: the message if not, once for each rule
 *
 * Return: @kept.
 */
bool kpp_rule(enum kpp_rule rule, bool kept, const char *format, ...)
{
	bool expected = READ_ONCE(armed) & BIT(rule);
	struct va_format told = { .fmt = format };
	va_list args;

	atomic64_inc(&checked[rule]);
	if (kept)
		return true;
	if (atomic64_inc_return(expected ? &provoked[rule] :
					   &violated[rule]) > 1)
		return false;

	va_start(args, format);
	told.va = &args;
	if (expected)
		pr_info("provoked: %s: %pV\n", rule_names[rule], &told);
	else
		pr_err("violation: %s: %pV\n", rule_names[rule], &told);
	va_end(args);
	return false;
}

void kpp_rules_arm(unsigned long rules)
{
	WRITE_ONCE(armed, rules);
}

void kpp_rules_clear(void)
{
	enum kpp_rule rule;

	kpp_rules_arm(0);
	for (rule = 0; rule < KPP_NR_RULES; rule++) {
		atomic64_set(&checked[rule], 0);
		atomic64_set(&violated[rule], 0);
		atomic64_set(&provoked[rule], 0);
	}
}

void kpp_rules_counts(struct kpp_counts *counts)
{
	enum kpp_rule rule;

	for (rule = 0; rule < KPP_NR_RULES; rule++) {
		counts->checked[rule] = atomic64_read(&checked[rule]);
		counts->violated[rule] = atomic64_read(&violated[rule]);
		counts->provoked[rule] = atomic64_read(&provoked[rule]);
	}
}

void kpp_rules_log(void)
{
	enum kpp_rule rule;

	for (rule = 0; rule < KPP_NR_RULES; rule++)
		pr_info("looked at %lld times: %s\n",
			atomic64_read(&checked[rule]), rule_names[rule]);
}
