# SPDX-License-Identifier: ISC
# Guards and longer tests.  `make check` runs what needs no privilege.

PYTEST = /usr/bin/python3 -m pytest -q -p no:cacheprovider
# More folders of tests that need root or daemons; areas add theirs.
NETNS_TESTS =
PROJECT_FILES = `cd $(abs_top_srcdir) && git ls-files '*.c' '*.h'`

.PHONY: check-layers check-headers check-globals check-sizes check-docs \
	check-netns check-asan check-valgrind check-kernel format format-check \
	lint coverage bench

check-layers:
	$(top_srcdir)/tests/check/layers
check-headers:
	BUILD=$(abs_builddir) $(top_srcdir)/tests/check/headers
check-globals: all
	BUILD=$(abs_builddir) $(top_srcdir)/tests/check/globals
check-sizes:
	$(top_srcdir)/tests/check/sizes
check-docs: all
	$(top_srcdir)/tests/check/docs $(abs_builddir)

# The whole program against the real kernel, a real directory, real clients.
# Most of it waits for timers, so three at a time; what measures runs alone.
check-netns: all
	export RSVPD_BUILD=$(abs_builddir) PYTHONDONTWRITEBYTECODE=1; \
	$(PYTEST) -n 3 --dist loadfile -m 'not measured' $(NETNS_TESTS) \
		$(top_srcdir)/tests/netns; most=$$?; \
	$(PYTEST) -m measured $(top_srcdir)/tests/netns && test $$most = 0

# The same tests in a build of its own with AddressSanitizer and UBSan.
check-asan:
	mkdir -p $(abs_builddir)/asan
	cd $(abs_builddir)/asan && { test -f Makefile || \
		$(abs_top_srcdir)/configure -q --enable-sanitizers \
			CC='$(CC)' CFLAGS='-g -O1'; }
	$(MAKE) -C $(abs_builddir)/asan -s all
	$(MAKE) -C $(abs_builddir)/asan check

check-valgrind: all
	$(MAKE) check LOG_COMPILER="libtool --mode=execute valgrind -q \
		--error-exitcode=99 --leak-check=full"

# The same on a kernel that has all kinds of qdisc, filter and action; one file
# after the other, as that machine has one slow processor.  Left out is what
# asks nothing of a kernel that differs from one to the next: policy and its
# directory, clients, tools, the supervisor, what is on the wire, and the
# protocol's own timers; and the parts of the bench.
KERNEL_LEFT_OUT = attack bench corpus ctl directory_hangs dissect faults \
	faults_sessions neighbour neighbour_errors neighbour_group \
	neighbour_objects policy policy_first policy_live rapi styles supervisor
check-kernel: all
	$(top_srcdir)/tests/run-in-kernel -t 5400 -w $(abs_builddir) \
		env RSVPD_BUILD=$(abs_builddir) PYTHONDONTWRITEBYTECODE=1 \
		$(PYTEST) $(KERNEL_LEFT_OUT:%=--ignore=$(abs_top_srcdir)/tests/netns/test_%.py) \
		$(top_srcdir)/tests/netns

format:
	cd $(top_srcdir) && clang-format -i $(PROJECT_FILES)
format-check:
	cd $(top_srcdir) && clang-format --dry-run -Werror $(PROJECT_FILES)

# Only what changed since it last passed: the stamps are in lint-cache.
lint: all
	$(top_srcdir)/tests/check/lint $(abs_builddir)/lint-cache $(LINT_CPPFLAGS)
# What local.mk gives to single files; the values do not matter.
LINT_CPPFLAGS = -std=c11 -D_GNU_SOURCE -I. -I$(abs_builddir) $(DEFS) \
	-DCTL_SOCKET=\"\" -DQOS_POLICYD_CONF=\"\" -DCTL_SBINDIR=\"\" \
	-DENGINE_USER=\"\" -DTC_USER=\"\" \
	-DPOLICY_USER=\"\" -DRSVPD_SBINDIR=\"\" -DRSVPD_SYSCONFDIR=\"\" \
	-DRSVPD_RUNDIR=\"\" -DRSVPD_STATEDIR=\"\" -DRSVPD_LOGDIR=\"\" -DTCCTL_STATEDIR=\"\" \
	-DPRIV_SANITIZED=0 -DSANDBOX_SANITIZED=0 \
	$(EVENT_CFLAGS) $(MNL_CFLAGS) $(LIBCONFIG_CFLAGS) $(JANSSON_CFLAGS) \
	$(NFTABLES_CFLAGS) $(LDAP_CFLAGS)

# Lines that `make check` runs; the floors of what faces the network.  Without
# optimisation gcc warns of more than there is, so warnings do not stop it.
COVERAGE = base=0 rsvpd/wire=95 rsvpd/core=90 rsvpd=0 policy=0 tcctl=0 rapi=0
coverage:
	mkdir -p $(abs_builddir)/coverage
	cd $(abs_builddir)/coverage && { test -f Makefile || \
		$(abs_top_srcdir)/configure -q --enable-coverage \
			--disable-werror CC='$(CC)' CFLAGS='-g -O0'; }
	find $(abs_builddir)/coverage -name '*.gcda' -exec rm -f {} +
	$(MAKE) -C $(abs_builddir)/coverage -s all
	$(MAKE) -C $(abs_builddir)/coverage -s check
	$(top_srcdir)/tests/check/coverage $(abs_builddir)/coverage $(COVERAGE)

# BENCH_OPTIONS: as `--only install --flows 60000`.
BENCH_JSON = $(abs_builddir)/bench.json
BENCH_OPTIONS =
bench: all
	/usr/bin/python3 $(top_srcdir)/tests/bench/bench --build \
		$(abs_builddir) --json $(BENCH_JSON) $(BENCH_OPTIONS)
