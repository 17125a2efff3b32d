# SPDX-License-Identifier: ISC
"""Which files tcctl takes, and what becomes of several; what probe tells."""

import json

import lab
from test_tc_examples import fixture_here, host, tcctl

assert fixture_here  # pytest finds it here

GOOD = ('interfaces = ( {{ name = "{}"; root = {{ kind = "pfifo"; '
        'handle = "7:"; limit = 5; }}; }} );\n')
BROKEN = "nonsense = 1;\n"
NO_SUCH = GOOD.format("nothere")


def folder(here, files):
    path = here.dir / "tc"
    path.mkdir(exist_ok=True)
    for old in path.iterdir():
        old.unlink()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_a_folder_is_its_descriptions_by_name(here):
    node = host(here, "a", ["eth0", "eth1"])
    path = folder(here, {"b.conf": GOOD.format("eth1"),
                         "a.conf": GOOD.format("eth0"),
                         ".hidden.conf": BROKEN, ".conf": BROKEN,
                         "conf": BROKEN, "c.conf~": BROKEN})
    done = tcctl(node, "plan", path)
    assert done.stdout.splitlines() == [
        f"add qdisc 7: on {iface} pfifo limit 5 packets"
        for iface in ("eth0", "eth1")]
    assert done.stderr == ""


def test_the_worst_of_a_folder_is_its_status(here):
    node = host(here, "a", ["eth0"])
    good, bad = GOOD.format("eth0"), "nonsense"
    for files in ({"a.conf": good, "b.conf": BROKEN},
                  {"a.conf": BROKEN, "b.conf": good}):
        done = tcctl(node, "plan", folder(here, files), check=2)
        assert bad in done.stderr
        # The others are taken nevertheless.
        assert "on eth0 pfifo" in done.stdout
    assert tcctl(node, "plan", folder(here, {})).stdout == ""
    missing = tcctl(node, "plan", here.dir / "none", check=2)
    assert "No such file or directory" in missing.stderr


def test_a_long_file_is_read_whole(here):
    node = host(here, "a", ["eth0"])
    for size in (65535, 65536, 65537, 300000):
        text = GOOD.format("eth0")
        text = "#" * (size - len(text) - 1) + "\n" + text
        assert len(text) == size
        done = tcctl(node, "plan", folder(here, {"a.conf": text}) / "a.conf")
        assert done.stdout == "add qdisc 7: on eth0 pfifo limit 5 packets\n"
    # What is an object of JSON is told by its first octet, behind blanks.
    path = folder(here, {"a.conf": " \t\r\n{ \"interfaces\": 1 }"}) / "a.conf"
    assert "interfaces" in tcctl(node, "plan", path, check=2).stderr
    assert "nonsense" in tcctl(
        node, "plan", folder(here, {"a.conf": BROKEN}), check=2).stderr


def test_where_filters_lead_is_told_by_name(here):
    node = host(here, "a", ["eth0", "eth1"])
    conf = here.dir / "mirror.conf"
    conf.write_text("""interfaces = ( { name = "eth0"; ingress = { filters = (
        { pref = 1; actions = ( { mirror = "eth1"; } ); },
        { pref = 2; actions = ( { mirror = "lo"; } ); },
        { pref = 3; actions = ( { mirror = "eth1"; } ); } ); }; } );""")
    tcctl(node, "apply", conf)
    shown = node.run(lab.program("tcctl"), "show", "eth0").stdout
    assert shown.count("mirror to eth1") == 2
    assert shown.count("mirror to lo") == 1


def test_probe_tells_people_what_it_tells_programs(here):
    node = host(here, "a", ["eth0"])
    told = json.loads(tcctl(node, "probe", "--json").stdout)

    def words(key):
        return " ".join(("" if there else "-") + name
                        for name, there in told[key].items())

    lines = [f"qdiscs: {words('qdiscs')}",
             f"classifiers: {words('classifiers')}"]
    lines += [f"{name}: {means or 'none'}"
              for name, means in told["functions"].items()]
    lines += ["enough for reservations; best effort: "
              + told["best_effort"]]
    assert tcctl(node, "probe").stdout.splitlines() == lines
