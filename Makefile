# SPDX-License-Identifier: GPL-2.0-only
#
# What there is to do with this tree; README.md tells more. Kbuild is what the
# kernel's build reads, here or under DKMS.

# The machine that will load the module
KDIR ?= /lib/modules/$(shell uname -r)/build
DESTDIR ?=
PREFIX ?= /usr

# make demo: boot these instead of Debian's kernel and our own initrd
KERNEL ?=
INITRD ?=

all: modules

demo:
	scripts/demo $(if $(KERNEL),--kernel "$(KERNEL)") $(if $(INITRD),--initrd "$(INITRD)")

check:
	scripts/check

# Takes long; scripts/bench --quick doesn't.
bench:
	scripts/bench

lint:
	scripts/lint

modules clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) $@

install: modules_install install-files

# What goes with the module, however that gets there
install-files:
	install -D -m 644 include/uapi/linux/kvm_private.h \
		$(DESTDIR)$(PREFIX)/include/linux/kvm_private.h
	install -D -m 644 docs/kvm_private.4 \
		$(DESTDIR)$(PREFIX)/share/man/man4/kvm_private.4
	install -D -m 644 install/60-kvm-private.rules \
		$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-kvm-private.rules
	install -D -m 644 install/modules-load.conf \
		$(DESTDIR)$(PREFIX)/lib/modules-load.d/kvm_private.conf

dkms-install: install-files
	scripts/dkms-install

kvm-install:
	scripts/kvm-install

# For VMMs on a host where KVM's parameter can't be set; docs/kvm_private_preload.md
preload:
	$(MAKE) -C preload O=$(CURDIR)/build/preload

preload-install: preload
	install -D -m 644 build/preload/libkvm_private_preload.so \
		$(DESTDIR)$(PREFIX)/lib/libkvm_private_preload.so

.PHONY: all demo check bench lint modules clean modules_install install install-files \
	dkms-install kvm-install preload preload-install
