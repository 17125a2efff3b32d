# SPDX-License-Identifier: ISC
rsvpd_net_tests = \
	tests/unit/test_net_bucket \
	tests/unit/test_net_packet
check_PROGRAMS += $(rsvpd_net_tests)
TESTS += $(rsvpd_net_tests)
tests_unit_test_net_bucket_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
tests_unit_test_net_packet_LDADD = librsvpd.la libbase.la $(UNIT_LDADD)
