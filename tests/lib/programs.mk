# SPDX-License-Identifier: GPL-2.0-only
# How a folder of test programs is built: one program for each name in
# PROGRAMS, from NAME.c and the helpers next to this file.

lib := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
O ?= $(lib)/../../build/tests/$(notdir $(CURDIR))
out := $(abspath $(O))

PKGS += cmocka
ifneq ($(shell pkg-config --exists $(PKGS) && echo found),found)
$(error Missing one of these libraries: $(PKGS). Run scripts/packages test)
endif

CFLAGS ?= -O2 -g
test_cflags := -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -MMD -MP \
	-I$(lib)/../../include/uapi -I$(lib) $(shell pkg-config --cflags $(PKGS))
test_libs := $(shell pkg-config --libs $(PKGS))

programs := $(addprefix $(out)/,$(PROGRAMS))
lib_objects := $(patsubst $(lib)/%.c,$(out)/obj/lib/%.o,$(wildcard $(lib)/*.c))

all: $(programs)

$(programs): $(out)/%: $(out)/obj/%.o $(lib_objects)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(test_libs)

$(out)/obj/%.o: %.c | $(out)/obj/lib
	$(CC) $(test_cflags) $(CFLAGS) -c -o $@ $<

$(out)/obj/lib/%.o: $(lib)/%.c | $(out)/obj/lib
	$(CC) $(test_cflags) $(CFLAGS) -c -o $@ $<

$(out)/obj/lib:
	mkdir -p $@

-include $(wildcard $(out)/obj/*.d $(out)/obj/lib/*.d)

.PHONY: all
.SECONDARY:
