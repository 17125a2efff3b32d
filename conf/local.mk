# SPDX-License-Identifier: ISC
EXTRA_DIST += conf/rsvpd.conf conf/rsvpd.service.in conf/rsvpd.sysusers.in \
	conf/tcctl.service.in
CLEANFILES += conf/rsvpd.service conf/rsvpd.sysusers conf/tcctl.service
systemdsystemunit_DATA += conf/rsvpd.service conf/tcctl.service
noinst_DATA += conf/rsvpd.sysusers
sysusersdir = $(prefix)/lib/sysusers.d

conf/rsvpd.service: conf/rsvpd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && \
		$(substitute) $(srcdir)/conf/rsvpd.service.in >$@
conf/tcctl.service: conf/tcctl.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && \
		$(substitute) $(srcdir)/conf/tcctl.service.in >$@
conf/rsvpd.sysusers: conf/rsvpd.sysusers.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && \
		$(substitute) $(srcdir)/conf/rsvpd.sysusers.in >$@

# A configuration that is there is the operator's.
install-data-local: install-rsvpd-conf
install-rsvpd-conf: conf/rsvpd.sysusers
	$(MKDIR_P) $(DESTDIR)$(sysconfdir)/rsvpd/tc $(DESTDIR)$(sysusersdir)
	test -e $(DESTDIR)$(sysconfdir)/rsvpd/rsvpd.conf || \
		$(INSTALL_DATA) $(srcdir)/conf/rsvpd.conf \
			$(DESTDIR)$(sysconfdir)/rsvpd/rsvpd.conf
	$(INSTALL_DATA) conf/rsvpd.sysusers \
		$(DESTDIR)$(sysusersdir)/rsvpd.conf
uninstall-local: uninstall-rsvpd-conf
uninstall-rsvpd-conf:
	cmp -s $(srcdir)/conf/rsvpd.conf \
		$(DESTDIR)$(sysconfdir)/rsvpd/rsvpd.conf && \
		rm -f $(DESTDIR)$(sysconfdir)/rsvpd/rsvpd.conf || :
	rm -f $(DESTDIR)$(sysusersdir)/rsvpd.conf
.PHONY: install-rsvpd-conf uninstall-rsvpd-conf

# The policy that is in force is the operator's to write: a sample, the schema
# of the directory in both forms, and a tree to begin with.
dist_doc_DATA += conf/policy.conf conf/qos.ldif conf/qos.schema
dist_doc_DATA += README.md NEWS.md COPYING docs/architecture.md docs/aix.md
demoexamplesdir = $(docdir)/examples/demo
dist_demoexamples_DATA = \
	conf/examples/demo/demo.ldif \
	conf/examples/demo/policy.conf \
	conf/examples/demo/receiver.conf \
	conf/examples/demo/router.conf \
	conf/examples/demo/sender.conf
policyexamplesdir = $(docdir)/examples/policy
dist_policyexamples_DATA = \
	conf/examples/policy/00-tree.ldif \
	conf/examples/policy/10-categories.ldif \
	conf/examples/policy/20-rules.ldif
tcexamplesdir = $(docdir)/examples/tc
dist_tcexamples_DATA = \
	conf/examples/tc/cbq-defmap.conf \
	conf/examples/tc/cbq.conf \
	conf/examples/tc/dscp-by-port-netfilter.conf \
	conf/examples/tc/dscp-by-port.conf \
	conf/examples/tc/htb.conf \
	conf/examples/tc/nas-by-address.conf \
	conf/examples/tc/nas.conf \
	conf/examples/tc/prio.conf \
	conf/examples/tc/router.conf \
	conf/examples/tc/size-table.conf \
	conf/examples/tc/tbf.conf
ldapexamplesdir = $(docdir)/examples/ldap
dist_ldapexamples_DATA = \
	conf/examples/ldap/aix.ldif \
	conf/examples/ldap/generation.ldif \
	conf/examples/ldap/site.ldif
dist_doc_DATA += docs/directory.md
EXTRA_DIST += tests/check/schema

# The commands of AIX that start and stop subsystems: in a folder of their own,
# for those who want it in their PATH, so that they clash with nothing.
EXTRA_DIST += conf/aix/src.in
CLEANFILES += conf/aix/startsrc conf/aix/stopsrc conf/aix/refresh \
	conf/aix/lssrc
aixdir = $(libexecdir)/rsvpd/aix
aix_SCRIPTS = conf/aix/startsrc conf/aix/stopsrc conf/aix/refresh \
	conf/aix/lssrc
$(aix_SCRIPTS): conf/aix/src.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/aix && \
		$(substitute) $(srcdir)/conf/aix/src.in >$@ && chmod +x $@
