# SPDX-License-Identifier: ISC
# Programs that the namespace tests and the demo run.
noinst_PROGRAMS += tests/clients/traffic_send tests/clients/traffic_recv
tests_clients_traffic_send_SOURCES = tests/clients/traffic_send.c \
	tests/clients/traffic.c tests/clients/traffic.h
tests_clients_traffic_recv_SOURCES = tests/clients/traffic_recv.c \
	tests/clients/traffic.c tests/clients/traffic.h
noinst_PROGRAMS += tests/bench/relay
tests_bench_relay_SOURCES = tests/bench/relay.c
