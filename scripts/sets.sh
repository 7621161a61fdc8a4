# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts that run every test once: sets of KUnit suites.
# shellcheck shell=bash disable=SC2034

# The suites that need x86_64: user-mode Linux has no DMA, no NMI, no memory
# failure and no kmemleak.
kunit_x86_64="umbra_create umbra_fail umbra_frame umbra_held umbra_instance umbra_poison"
kunit_x86_64+=" umbra_provider umbra_pcp_context umbra_compact_when umbra_migrate"
