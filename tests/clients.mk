# SPDX-License-Identifier: ISC
# Programs that the namespace tests and the demo run.
noinst_PROGRAMS += tests/clients/traffic_send tests/clients/traffic_recv
tests_clients_traffic_send_SOURCES = tests/clients/traffic_send.c \
	tests/clients/traffic.c tests/clients/traffic.h
tests_clients_traffic_recv_SOURCES = tests/clients/traffic_recv.c \
	tests/clients/traffic.c tests/clients/traffic.h
noinst_PROGRAMS += tests/clients/rapi_send tests/clients/rapi_recv
tests_clients_rapi_send_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_clients_rapi_send_SOURCES = tests/clients/rapi_send.c \
	tests/clients/rapi_app.c tests/clients/rapi_app.h \
	tests/clients/traffic.c tests/clients/traffic.h
tests_clients_rapi_send_LDADD = librapi.la $(JANSSON_LIBS)
tests_clients_rapi_send_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_clients_rapi_recv_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_clients_rapi_recv_SOURCES = tests/clients/rapi_recv.c \
	tests/clients/rapi_app.c tests/clients/rapi_app.h \
	tests/clients/traffic.c tests/clients/traffic.h
tests_clients_rapi_recv_LDADD = librapi.la $(JANSSON_LIBS)
tests_clients_rapi_recv_LDFLAGS = $(AM_LDFLAGS) -no-install
noinst_PROGRAMS += tests/clients/rapi_many
tests_clients_rapi_many_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_clients_rapi_many_SOURCES = tests/clients/rapi_many.c \
	tests/clients/rapi_app.c tests/clients/rapi_app.h \
	tests/clients/traffic.c tests/clients/traffic.h
tests_clients_rapi_many_LDADD = librapi.la $(JANSSON_LIBS)
tests_clients_rapi_many_LDFLAGS = $(AM_LDFLAGS) -no-install
noinst_PROGRAMS += tests/bench/relay
tests_bench_relay_SOURCES = tests/bench/relay.c
noinst_PROGRAMS += tests/bench/bench_core
tests_bench_bench_core_SOURCES = tests/bench/bench_core.c
tests_bench_bench_core_LDADD = libcore.la libwire.la libbase.la -lm
noinst_PROGRAMS += tests/clients/tc_kinds
tests_clients_tc_kinds_SOURCES = tests/clients/tc_kinds.c
tests_clients_tc_kinds_LDADD = libtc.la libtcmsg.la libbase.la $(MNL_LIBS) \
	$(SECCOMP_LIBS) -lm
noinst_PROGRAMS += tests/bench/packets
tests_bench_packets_SOURCES = tests/bench/packets.c
noinst_PROGRAMS += tests/clients/policy_ask
tests_clients_policy_ask_SOURCES = tests/clients/policy_ask.c
tests_clients_policy_ask_LDADD = libpolicysource.la libpolicy.la libbase.la \
	$(LIBCONFIG_LIBS) -lm
noinst_PROGRAMS += tests/bench/bench_directory
tests_bench_bench_directory_SOURCES = tests/bench/bench_directory.c
tests_bench_bench_directory_CPPFLAGS = $(AM_CPPFLAGS) $(LDAP_CFLAGS)
tests_bench_bench_directory_CFLAGS = $(PROJECT_CFLAGS) -pthread
tests_bench_bench_directory_LDADD = libpolicy.la libbase.la $(LDAP_LIBS) -lm
noinst_PROGRAMS += tests/bench/bench_policy
tests_bench_bench_policy_SOURCES = tests/bench/bench_policy.c
tests_bench_bench_policy_LDADD = libpolicy.la libbase.la -lm
noinst_PROGRAMS += tests/bench/bench_search
tests_bench_bench_search_SOURCES = tests/bench/bench_search.c
tests_bench_bench_search_CPPFLAGS = $(AM_CPPFLAGS) $(LDAP_CFLAGS)
tests_bench_bench_search_LDADD = $(LDAP_LIBS)
noinst_PROGRAMS += tests/clients/preloaded
tests_clients_preloaded_SOURCES = tests/clients/preloaded.c
# Preloaded, so shared, and nowhere installed.
noinst_LTLIBRARIES += tests/clients/nl_fault.la
tests_clients_nl_fault_la_SOURCES = tests/clients/nl_fault.c
tests_clients_nl_fault_la_LDFLAGS = -module -shared -avoid-version \
	-rpath /nowhere
