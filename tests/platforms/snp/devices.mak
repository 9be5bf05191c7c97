# SPDX-License-Identifier: GPL-2.0-only
# What scripts/vm gives a machine with --snp
CONFIG_Q35=y
CONFIG_AMD_IOMMU=y
CONFIG_AMD_PSP=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_EDU=y
