# SPDX-License-Identifier: ISC
# Fuzzers of all that reads from outside, and of the core.  `make check` replays
# their corpora; `make fuzz` mutates them with libFuzzer for FUZZ_SECONDS each,
# `make fuzz-wire` only that one (build.mk).
fuzz_replays = \
	tests/fuzz/replay_aix \
	tests/fuzz/replay_conf \
	tests/fuzz/replay_core \
	tests/fuzz/replay_ctl \
	tests/fuzz/replay_msg \
	tests/fuzz/replay_netlink \
	tests/fuzz/replay_packet \
	tests/fuzz/replay_policy \
	tests/fuzz/replay_rapi \
	tests/fuzz/replay_snapshot \
	tests/fuzz/replay_tc \
	tests/fuzz/replay_tree \
	tests/fuzz/replay_wire
check_PROGRAMS += $(fuzz_replays)
TESTS += $(fuzz_replays)
EXTRA_DIST += tests/fuzz/build.mk tests/fuzz/corpus tests/fuzz/lsan.supp

fuzz_rim = tests/fuzz/replay.c tests/fuzz/rim.c tests/fuzz/rim.h \
	tests/fuzz/feed.h $(loop_bench)
tests_fuzz_replay_aix_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_aix.c
tests_fuzz_replay_aix_LDADD = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm
tests_fuzz_replay_conf_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_conf.c
tests_fuzz_replay_conf_LDADD = librsvpd.la libbase.la
tests_fuzz_replay_core_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_core.c \
	tests/fuzz/core_gen.c tests/fuzz/core_gen.h \
	tests/fuzz/core_world.c tests/fuzz/core_world.h tests/fuzz/feed.h
tests_fuzz_replay_core_LDADD = libcore.la libwire.la libbase.la -lm
tests_fuzz_replay_ctl_SOURCES = tests/fuzz/fuzz_ctl.c $(fuzz_rim)
tests_fuzz_replay_ctl_LDADD = librsvpd.la libpolicy.la libcore.la libwire.la \
	libbase.la -lm
tests_fuzz_replay_msg_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_msg.c
tests_fuzz_replay_msg_LDADD = librsvpd.la librapimsg.la libtcmsg.la \
	libwire.la libbase.la
tests_fuzz_replay_netlink_SOURCES = tests/fuzz/fuzz_netlink.c $(fuzz_rim) \
	$(mnl_bench)
tests_fuzz_replay_netlink_LDADD = libtc.la librsvpd.la libcore.la libwire.la \
	libbase.la $(MNL_LIBS) -lm
tests_fuzz_replay_packet_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_packet.c
tests_fuzz_replay_packet_LDADD = librsvpd.la libbase.la
tests_fuzz_replay_policy_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_policy.c
tests_fuzz_replay_policy_LDADD = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm
tests_fuzz_replay_rapi_SOURCES = tests/fuzz/fuzz_rapi.c $(fuzz_rim)
tests_fuzz_replay_rapi_LDADD = librsvpd.la librapimsg.la libcore.la libwire.la \
	libbase.la -lm
tests_fuzz_replay_snapshot_SOURCES = tests/fuzz/replay.c \
	tests/fuzz/fuzz_snapshot.c
tests_fuzz_replay_snapshot_LDADD = libpolicysource.la libpolicy.la libbase.la \
	-lm
tests_fuzz_replay_tc_SOURCES = tests/fuzz/fuzz_tc.c $(fuzz_rim)
tests_fuzz_replay_tc_LDADD = librsvpd.la libtcmsg.la libcore.la libwire.la \
	libbase.la -lm
tests_fuzz_replay_tree_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_tree.c
tests_fuzz_replay_tree_LDADD = libtctree.la libtc.la libtcmsg.la libbase.la \
	$(LIBCONFIG_LIBS) $(MNL_LIBS) $(SECCOMP_LIBS) -lm
tests_fuzz_replay_wire_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_wire.c
tests_fuzz_replay_wire_LDADD = tests/unit/libwire_same.la libwire.la -lm

FUZZ_CC = clang
FUZZ_SECONDS = 60
fuzz_make = $(MAKE) -s -f $(abs_top_srcdir)/tests/fuzz/build.mk \
	TOP=$(abs_top_srcdir) FUZZ_CC=$(FUZZ_CC) FUZZ_SECONDS=$(FUZZ_SECONDS) \
	LIBS='$(LIBCONFIG_LIBS) $(MNL_LIBS)'
fuzz_targets = fuzz-aix fuzz-conf fuzz-core fuzz-ctl fuzz-msg fuzz-netlink fuzz-packet \
	fuzz-policy fuzz-rapi fuzz-snapshot fuzz-tc fuzz-tree fuzz-wire
.PHONY: fuzz $(fuzz_targets)
fuzz:
	$(fuzz_make) fuzz
$(fuzz_targets):
	$(fuzz_make) $@
