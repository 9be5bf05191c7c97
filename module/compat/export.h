/* SPDX-License-Identifier: GPL-2.0-only */
/* Exports of the module, all in one namespace */
#ifndef KVM_PRIVATE_EXPORT_H
#define KVM_PRIVATE_EXPORT_H

#include <linux/export.h>

/* The namespace of an export was a token before it became a string. */
#ifdef KVM_PRIVATE_HAVE_NS_TOKEN
#define EXPORT_SYMBOL_KVM_PRIVATE(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, KVM_PRIVATE)
#else
#define EXPORT_SYMBOL_KVM_PRIVATE(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "KVM_PRIVATE")
#endif

#endif /* KVM_PRIVATE_EXPORT_H */
