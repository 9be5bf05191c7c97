// SPDX-License-Identifier: GPL-2.0-only
/* A record of the callbacks that the module got, in order */

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "consumer.h"

#define MAX_EVENTS	131072

static DEFINE_MUTEX(reader_lock);	/* Outside events_lock */
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
	mutex_lock(&reader_lock);
	mutex_lock(&events_lock);
	nr_events = 0;
	mutex_unlock(&events_lock);
	mutex_unlock(&reader_lock);
}

/* Events beyond the end are only counted, so that the reader gets an error. */
void kpt_event_add(const struct kpt_event *event)
{
	mutex_lock(&events_lock);
	if (nr_events < MAX_EVENTS)
		events[nr_events] = *event;
	nr_events++;
	mutex_unlock(&events_lock);
}

static ssize_t count_events(size_t max)
{
	ssize_t nr;

	mutex_lock(&events_lock);
	nr = nr_events > MAX_EVENTS ? -EOVERFLOW :
				      min_t(size_t, nr_events, max);
	mutex_unlock(&events_lock);
	return nr;
}

static void remove_events(unsigned int nr)
{
	mutex_lock(&events_lock);
	nr_events -= nr;
	memmove(events, events + nr,
		min(nr_events, MAX_EVENTS - nr) * sizeof(*events));
	mutex_unlock(&events_lock);
}

/*
 * The copy may fault, and a fault in a private file takes locks under which
 * operations take events_lock to add events. So the copy must run without
 * events_lock. Recorded events don't change meanwhile.
 */
ssize_t kpt_events_read(char __user *buf, size_t count)
{
	ssize_t nr;

	mutex_lock(&reader_lock);
	nr = count_events(count / sizeof(*events));
	if (nr > 0 && copy_to_user(buf, events, nr * sizeof(*events)))
		nr = -EFAULT;
	if (nr > 0)
		remove_events(nr);
	mutex_unlock(&reader_lock);
	return nr > 0 ? nr * sizeof(*events) : nr;
}
