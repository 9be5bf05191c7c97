// SPDX-License-Identifier: GPL-2.0-only
/* Makes the mistake that its parameter names, for a kernel to complain of. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *kind = "";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "which mistake to make");

/* The compiler can't see through this. */
static int hidden = 70;
module_param(hidden, int, 0444);

static int table[8];
static int racy;

static void use_after_free(void)
{
	int *object = kzalloc(sizeof(*object), GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(object);
	kfree(object);
	pr_info("%d\n", READ_ONCE(*object));
}

static void use_after_free_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int *object = page_address(page);

	OPTIMIZER_HIDE_VAR(object);
	__free_page(page);
	pr_info("%d\n", READ_ONCE(*object));
}

/* Writes as a guest does that still has the page: no check sees each access. */
static noinline __no_sanitize_address void write_unseen(u8 *byte)
{
	WRITE_ONCE(*byte, 0x5a);
}

static void write_after_free(void)
{
	struct page *pages[64] = { NULL };
	struct page *page = alloc_page(GFP_KERNEL);
	u8 *byte = page_address(page);
	unsigned int i;

	OPTIMIZER_HIDE_VAR(byte);
	__free_page(page);
	write_unseen(byte);

	for (i = 0; i < ARRAY_SIZE(pages) && (!i || pages[i - 1] != page); i++)
		pages[i] = alloc_page(GFP_KERNEL);
	while (i--)
		__free_page(pages[i]);
}

static void leak(void)
{
	void *object = kmalloc(100, GFP_KERNEL);

	/* A copy in a register or on the stack doesn't last until the scan. */
	pr_info("%d\n", !object);
}

static void lock_inversion(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void index_out_of_bounds(void)
{
	pr_info("%d\n", table[hidden - 60]);
}

static void shift_out_of_bounds(void)
{
	pr_info("%d\n", 1 << hidden);
}

static void list_corruption(void)
{
	LIST_HEAD(list);
	struct list_head entry;

	list_add(&entry, &list);
	list_add(&entry, &list);
}

static void refcount_from_zero(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static int count_up(void *unused)
{
	while (!kthread_should_stop()) {
		racy++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *threads[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = kthread_run(count_up, NULL, "count_up");
	msleep(5000);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
}

static DEFINE_SPINLOCK(lost);
static DECLARE_COMPLETION(taken);

static int oops_and_keep(void *unused) __acquires(&lost)
{
	int *nothing = NULL;

	OPTIMIZER_HIDE_VAR(nothing);
	spin_lock(&lost);
	complete(&taken);
	return READ_ONCE(*nothing);
}

/* Doesn't return: the processor waits for a lock whose owner is dead. */
static void oops_with_lock(void)
{
	struct task_struct *thread = kthread_run(oops_and_keep, NULL, "oops_and_keep");

	if (IS_ERR(thread))
		return;
	wait_for_completion(&taken);
	spin_lock(&lost);
	spin_unlock(&lost);
}

static const struct {
	const char *kind;
	void (*make)(void);
} mistakes[] = {
	{ "use_after_free", use_after_free },
	{ "use_after_free_page", use_after_free_page },
	{ "write_after_free", write_after_free },
	{ "leak", leak },
	{ "lock_inversion", lock_inversion },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "index_out_of_bounds", index_out_of_bounds },
	{ "shift_out_of_bounds", shift_out_of_bounds },
	{ "list_corruption", list_corruption },
	{ "refcount_from_zero", refcount_from_zero },
	{ "race", race },
	{ "oops_with_lock", oops_with_lock },
};

static int __init mistake_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (!strcmp(kind, mistakes[i].kind)) {
			mistakes[i].make();
			pr_info("made %s\n", kind);
			return 0;
		}
	return -EINVAL;
}
module_init(mistake_init);

static void __exit mistake_exit(void)
{
}
module_exit(mistake_exit);

MODULE_DESCRIPTION("Mistakes for a kernel to find");
MODULE_LICENSE("GPL");
