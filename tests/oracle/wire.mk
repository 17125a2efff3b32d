# SPDX-License-Identifier: ISC
# What tests/oracle/test_tshark.py has other dissectors look at.
check_PROGRAMS += tests/oracle/wire_dump
tests_oracle_wire_dump_SOURCES = tests/oracle/wire_dump.c
tests_oracle_wire_dump_LDADD = libwire.la -lm
EXTRA_DIST += tests/oracle/test_tshark.py
