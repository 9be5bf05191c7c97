// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a run: no file is left, so no page may be assigned to any guest.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "platform.h"

/* The last file may be released a moment after its process has ended. */
#define PATIENCE	(5 * HZ)

void kpp_settle(void)
{
	kpp_table_settle();
	kpp_invalidations_settle();
}

/* Reading the parameter settles the model: scripts/vm does it last of all. */
static int settled_get(char *buffer, const struct kernel_param *param)
{
	unsigned long until = jiffies + PATIENCE;

	while ((kpp_nr_assigned() || kpp_nr_invalidations()) &&
	       time_before(jiffies, until))
		msleep(20);
	kpp_settle();
	kpp_rules_log();
	return sysfs_emit(buffer, "settled\n");
}

static const struct kernel_param_ops settled_ops = {
	.get = settled_get,
};

module_param_cb(settled, &settled_ops, NULL, 0400);
MODULE_PARM_DESC(settled, "to be read when no file is left");
