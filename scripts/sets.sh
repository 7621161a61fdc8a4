# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run every test once: what runs where.
# shellcheck shell=bash disable=SC2034

# What KUnit cannot see in user-mode Linux, which has no DMA, NMI, memory that
# fails or kmemleak.
kunit_x86_64="umbra_create umbra_fail umbra_frame umbra_held umbra_instance umbra_poison"
kunit_x86_64+=" umbra_provider umbra_pcp_context umbra_compact_when umbra_migrate"
