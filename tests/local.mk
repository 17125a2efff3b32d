# SPDX-License-Identifier: ISC
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# Each folder's tests are listed in a file of their own.
include tests/checks.mk
include tests/clients.mk
include tests/unit/base.mk
include tests/unit/wire.mk
include tests/fuzz/local.mk
include tests/oracle/wire.mk
include tests/unit/core.mk
include tests/unit/core_arith.mk
include tests/unit/policy.mk
include tests/unit/tcctl.mk
include tests/unit/rapi.mk
include tests/unit/rsvpd.mk
include tests/unit/rsvpd_net.mk
include tests/unit/ctl.mk
include tests/sim/local.mk
