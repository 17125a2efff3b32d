# SPDX-License-Identifier: ISC
"""Who the directory is and who we are to it: certificates, their authorities,
and the local socket.  Needs slapd, nothing else."""

import os

import pytest

import bench
from bench import Slapd
from test_directory import slow
from test_policyd_ldap import (certificates, conf, folder, openssl, rule,
                               slapd, start, tls_slapd)

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(),
                                reason="slapd is not installed")
__all__ = ["certificates", "folder", "slapd", "start"]  # fixtures


def test_an_expired_certificate_is_refused(certificates, start):
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key",
            "-out", "old.csr", "-subj", "/CN=old", "-addext",
            "subjectAltName=IP:127.0.0.1", cwd=certificates)
    openssl("x509", "-req", "-in", "old.csr", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-CAcreateserial", "-days", "-1", "-copy_extensions",
            "copy", "-out", "old.pem", cwd=certificates)
    slapd = tls_slapd(certificates, "old")
    try:
        slapd.add(rule("studio"))
        policyd = start(conf(slapd.uri, 'starttls = "demand"; caFile = '
                             f'"{certificates}/ca.pem";'))
        policyd.wait(lambda: "nothing is known" in policyd.status, "status")
        assert "StartTLS" in policyd.text()
        assert "in date" in policyd.text()
        assert "studio" not in policyd.snapshots[-1]
    finally:
        slapd.stop()


def test_ldaps_and_a_directory_of_authorities(certificates, start):
    port = bench.port_free()
    slapd = Slapd(certificates / "slapd", listen=[f"ldaps://127.0.0.1:{port}"],
                  top=f"""
TLSCACertificateFile {certificates}/ca.pem
TLSCertificateFile {certificates}/here.pem
TLSCertificateKeyFile {certificates}/here.key
""")
    known = certificates / "known"
    known.mkdir()
    (known / "ca.pem").write_text((certificates / "ca.pem").read_text())
    unknown = certificates / "unknown"
    unknown.mkdir()
    try:
        slapd.add(rule("studio"))
        uri = f"ldaps://127.0.0.1:{port}"
        good = start(conf(uri, f'caDir = "{known}";'), name="good")
        good.wait_rule("studio")
        bad = start(conf(uri, f'caDir = "{unknown}";'), name="bad")
        bad.wait(lambda: "nothing is known" in bad.status, "status")
        none = start(conf(uri, f'caFile = "{certificates}/no";'),
                     name="none")
        none.wait(lambda: f"caFile {certificates}/no: No such file" in
                  none.status, "status")
    finally:
        slapd.stop()


def test_a_client_certificate_says_who_we_are(certificates, start):
    slapd = Slapd(certificates / "slapd", tree=False, top=f"""
TLSCACertificateFile {certificates}/ca.pem
TLSCertificateFile {certificates}/here.pem
TLSCertificateKeyFile {certificates}/here.key
TLSVerifyClient demand
authz-regexp cn=elsewhere cn=policyd,o=example
""", config='access to * by dn.exact="cn=policyd,o=example" read\n'
        "  by anonymous auth\n")
    try:
        slapd.add("dn: ou=NetworkPolicies,o=example\nobjectClass: "
                  "organizationalUnit\nou: NetworkPolicies\n\n" +
                  rule("studio"))
        tls = ('starttls = "demand"; bindMech = "EXTERNAL"; '
               f'caFile = "{certificates}/ca.pem"; '
               f'certFile = "{certificates}/elsewhere.pem"; '
               f'keyFile = "{certificates}/elsewhere.key";')
        (certificates / "elsewhere.key").chmod(0o644)
        policyd = start(conf(slapd.uri, tls))
        policyd.wait(lambda: "others may read it (mode 0644" in
                     policyd.status, "mode of the key")
        (certificates / "elsewhere.key").chmod(0o600)
        policyd.wait_rule("studio")
        without = start(conf(slapd.uri, 'starttls = "demand"; caFile = '
                             f'"{certificates}/ca.pem";'), name="without")
        without.wait(lambda: "nothing is known" in without.status, "status")
    finally:
        slapd.stop()


def test_the_local_socket_says_who_we_are(folder, start):
    path = f"{folder}/ldapi"
    uri = "ldapi://" + path.replace("/", "%2F")
    me = f"gidNumber={os.getgid()}+uidNumber={os.getuid()}"
    slapd = Slapd(folder / "slapd", tree=False, listen=[uri],
                  config='access to * by dn.exact='
                  f'"{me},cn=peercred,cn=external,cn=auth" read\n'
                  "  by anonymous auth\n")
    try:
        slapd.add("dn: ou=NetworkPolicies,o=example\nobjectClass: "
                  "organizationalUnit\nou: NetworkPolicies\n\n" +
                  rule("studio"))
        policyd = start(slow(uri, 'bindMech = "EXTERNAL";'))
        policyd.wait_rule("studio")
        slapd.add(rule("second"))
        policyd.wait_rule("second")
        other = start(conf(uri), name="other")
        other.wait(lambda: "nothing is known" in other.status, "anonymous")
    finally:
        slapd.stop()


def test_only_the_server_named_the_way_of_aix_is_asked_in_clear(slapd, start):
    """0.0.0.0 is this host, and not known to be it."""
    slapd.add(rule("studio", tag="host1"))
    relay = bench.Relay(slapd.port)
    try:
        policyd = start(f"""ReadFromDirectory {{
            LDAP_Server ldap://0.0.0.0:{relay.port}
            LDAP_Server 0.0.0.0
            LDAP_Port {slapd.port}
            Base ou=NetworkPolicies,o=example
            LDAP_SelectedTag host1 }}
            """)
        policyd.wait_rule("studio")
        policyd.wait(lambda: policyd.facts.get("connected"), "connection")
        assert policyd.facts["server"] == f"ldap://0.0.0.0:{slapd.port}"
        assert relay.accepted > 0
    finally:
        relay.close()
