// SPDX-License-Identifier: GPL-2.0-only
/* A record of what the module was called for, in order. */

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "consumer.h"

#define MAX_EVENTS	131072

static DEFINE_MUTEX(events_lock);
static struct kpt_event *events;
static unsigned int nr_events;

int kpt_events_init(void)
{
	events = vmalloc_array(MAX_EVENTS, sizeof(*events));
	return events ? 0 : -ENOMEM;
}

void kpt_events_exit(void)
{
	vfree(events);
}

void kpt_events_clear(void)
{
	mutex_lock(&events_lock);
	nr_events = 0;
	mutex_unlock(&events_lock);
}

/* Beyond the end they are counted, so that the reader gets an error. */
void kpt_event_add(const struct kpt_event *event)
{
	mutex_lock(&events_lock);
	if (nr_events < MAX_EVENTS)
		events[nr_events] = *event;
	nr_events++;
	mutex_unlock(&events_lock);
}

ssize_t kpt_events_read(char __user *buf, size_t count)
{
	unsigned int nr;
	ssize_t ret;

	mutex_lock(&events_lock);
	if (nr_events > MAX_EVENTS) {
		ret = -EOVERFLOW;
		goto unlock;
	}

	nr = min_t(size_t, nr_events, count / sizeof(*events));
	ret = nr * sizeof(*events);
	if (copy_to_user(buf, events, ret)) {
		ret = -EFAULT;
		goto unlock;
	}
	nr_events -= nr;
	memmove(events, events + nr, nr_events * sizeof(*events));
unlock:
	mutex_unlock(&events_lock);
	return ret;
}
