/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared between the files of kvm_private_test.ko */
#ifndef KVM_PRIVATE_TEST_CONSUMER_H
#define KVM_PRIVATE_TEST_CONSUMER_H

#include <linux/kvm_private.h>

#include "../kvm_private_test.h"

/* events.c */
int kpt_events_init(void);
void kpt_events_exit(void);
void kpt_events_clear(void);
void kpt_event_add(const struct kpt_event *event);
ssize_t kpt_events_read(char __user *buf, size_t count);

/* ops.c */
const struct kvm_private_binding_ops *kpt_ops(unsigned int kind);
int kpt_control(const struct kpt_control *control);
long kpt_wait_blocked(void);
bool kpt_is_blocked(void);
int kpt_fill(struct kvm_private_binding *binding, pgoff_t index,
	     unsigned long pfn, unsigned int order, void *opaque);
long kpt_firmware(const struct kpt_firmware *args);

/* bindings.c */
unsigned int kpt_slot(const struct kvm_private_binding *binding);
int kpt_fget(unsigned int fd);
int kpt_create(const struct kpt_create *args);
int kpt_is_private(const struct kpt_is_private *args);
int kpt_bind(const struct kpt_bind *args);
int kpt_unbind(unsigned int slot);
void kpt_unbind_all(void);
int kpt_get_pfn(struct kpt_page *page);
int kpt_put_pfn(const struct kpt_page *page);
int kpt_sweep(const struct kpt_sweep *args);
int kpt_access(struct kpt_page *page, bool write);
int kpt_peek(struct kpt_page *args);
int kpt_read_held(struct kpt_page *args);
int kpt_lock_page(const struct kpt_page *page);
int kpt_unlock_page(void);
int kpt_populate(struct kpt_populate *args);
int kpt_leak(const struct kpt_leak *args);

#endif
