# SPDX-License-Identifier: ISC
"""The parts of random rule sets, for the oracle.

Each part is made of Python values, can write itself as policy.conf, and says of
a question whether its conditions hold.
"""

import datetime
import fnmatch
import ipaddress
import re
import zoneinfo

# The conditions in the order of the manual's keys, as the engine numbers them.
FAILS = ("holds", "disabled", "scope", "who", "unknown", "application",
         "issuer", "authenticated", "neighbour", "role", "message", "protocol",
         "destination", "multicast", "source", "dport", "sport", "service",
         "style", "interface", "dscp", "time")
CODE = {name: str(i) for i, name in enumerate(FAILS)}
ROLES = ("sender", "receiver", "transit")
MESSAGES = ("path", "resv")
STYLES = ("", "WF", "FF", "SE")
SERVICES = {"GS": 2, "CL": 5}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
          "Oct", "Nov", "Dec")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
         "Australia/Lord_Howe")
UNIX = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
CHANGES = {"keep": 0, "renegotiate": 1, "tear": 2}


# ---- what there is to choose from ------------------------------------------

HOSTS = ("10.0.0.1", "10.0.0.9", "10.0.1.7", "10.1.2.3", "192.0.2.4",
         "224.1.2.3", "239.0.0.5", "2001:db8::1", "2001:db8::ff",
         "2001:db8:1::2", "ff05::7")
NETS = ("10.0.0.0/8", "10.0.0.0/24", "10.0.0.1", "10.0.0.1-10.0.0.9",
        "10.0.0.0-10.0.1.10", "224.0.0.0/4", "0.0.0.0/0", "2001:db8::/32",
        "2001:db8::/64", "2001:db8::1-2001:db8::f0", "192.0.2.0/25", "ff00::/8")
PORTS = (0, 1, 5004, 5005, 5100, 8000, 65535)
PORT_RANGES = ("5004", "5004-5100", "0-65535", "1-5004", "8000", "65535",
               "5005-8000")
PROTOS = (6, 17, 1, 132)
IFACES = ("eth0", "eth1", "wan0", "")
GLOBS = ("eth*", "eth0", "*0", "wan?", "*", "e?h1")
PRINCIPALS = ("ann@EXAMPLE.ORG", "bob@EXAMPLE.ORG", "ann@OTHER.NET")
PRINCIPAL_GLOBS = ("*@EXAMPLE.ORG", "ann@*", "bob@EXAMPLE.ORG", "?nn@*NET")
SUBJECTS = ("CN=ann,OU=Radio,O=Example", "CN=bob,OU=tv,O=Example", "O=Example",
            "CN=x,O=NoExample")
SUBJECT_ENDS = ("OU=radio,O=example", "O=Example", "CN=bob,OU=tv,O=Example",
                "Example")
LOCATORS = ("APP=encoder,VER=1", "APP=encoder-7,VER=2,SAPP=a", "VER=2",
            "GUID=9,APP=player")
LOCATOR_GLOBS = ("APP=encoder*", "VER=2", "APP=encoder*,VER=2", "APP=*",
                 "VER=1,APP=enc*")
RATES = (0, 100, 1000, 5000, 20000)


def some(rnd, values, most=2):
    return rnd.sample(values, rnd.randint(1, min(most, len(values))))


def maybe(rnd, one_in, make):
    return make() if rnd.randrange(one_in) == 0 else None


class Category:
    """What is granted; a key that is not there is no bound."""

    def __init__(self, rnd, name, pools):
        self.name = name
        self.deny = rnd.randrange(12) == 0
        self.grants = grants = {}

        def put(key, one_in, values):
            if rnd.randrange(one_in) == 0:
                grants[key] = rnd.choice(values)

        put("maxService", 4, ("GS", "CL"))
        put("maxRatePerFlow", 4, RATES)
        put("maxBucketPerFlow", 6, (0, 1000, 2000))
        put("maxPeakPerFlow", 8, (1000, 30000))
        put("maxPacketPerFlow", 8, (500, 1500))
        put("maxFlows", 3, (0, 1, 2, 4))
        put("aggregateRate", 3, (0, 1500, 6000, 25000))
        put("aggregateBucket", 6, (1000, 4000))
        put("maxFlowsPerUser", 5, (1, 2))
        put("aggregateRatePerUser", 5, (1000, 8000))
        put("minDelay", 6, (1000, 20000))
        put("maxDuration", 6, (1, 3600, 90000))
        put("share", 5, ("yes", "no"))
        put("onExceed", 3, ("lower", "reject"))
        put("onChange", 3, tuple(CHANGES))
        put("grace", 5, (0, 30))
        put("maxPreemption", 5, (0, 5, 9))
        put("admissionPriority", 6, (0, 1))
        if rnd.randrange(4) == 0:
            grants["preemption"] = rnd.randrange(8)
            grants["defending"] = grants["preemption"] + rnd.randrange(3)
        self.pool = rnd.choice(pools) if pools and rnd.randrange(4) == 0 \
            else None

    def conf(self):
        keys = [f'name = "{self.name}";']
        if self.deny:
            keys.append('permission = "deny";')
        for key, value in self.grants.items():
            keys.append(f'{key} = "{value}";')
        if self.pool:
            keys.append(f'pool = "{self.pool.name}";')
        return "{ " + " ".join(keys) + " }"


class Pool:
    def __init__(self, rnd, name):
        self.name = name
        self.rate = rnd.choice((None, 2000, 9000))
        self.flows = rnd.choice((None, 2, 5))
        self.headroom = rnd.choice((0, 0, 10, 50, 100))

    def conf(self):
        keys = f'name = "{self.name}"; headroomPercent = {self.headroom};'
        if self.rate is not None:
            keys += f" rate = {self.rate};"
        if self.flows is not None:
            keys += f" maxFlows = {self.flows};"
        return "{ " + keys + " }"


class When:
    """A condition on time."""

    def __init__(self, rnd):
        self.times = [(rnd.randrange(24) * 3600 + rnd.choice((0, 1800)),
                       rnd.choice((86400, rnd.randrange(24) * 3600, 7261)))
                      for _ in range(rnd.randrange(3))]
        self.days = some(rnd, DAYS, 5) if rnd.randrange(2) else []
        self.dates = some(rnd, range(1, 32), 15) if not rnd.randrange(3) else []
        self.months = some(rnd, MONTHS, 8) if not rnd.randrange(3) else []
        self.begin = maybe(rnd, 4, lambda: rnd.randrange(1700000000,
                                                         1800000000))
        self.end = maybe(rnd, 4, lambda: rnd.randrange(1740000000,
                                                       1840000000))
        self.zone = rnd.choice(ZONES)
        if not (self.times or self.days or self.dates or self.months
                or self.begin or self.end):
            self.days = ["Mon"]
        self.info = zoneinfo.ZoneInfo(self.zone)

    def conf(self):
        def clock(s):
            return f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}"

        keys = [f'zone = "{self.zone}";']
        for key, values in (
                ("time", [f"{clock(a)}-{clock(b)}" for a, b in self.times]),
                ("days", self.days), ("months", self.months),
                ("monthDays", [str(d) for d in self.dates])):
            if values:
                keys.append(f"{key} = [ " +
                            ", ".join(f'"{v}"' for v in values) + " ];")
        for key, value in (("validFrom", self.begin), ("validUntil", self.end)):
            if value is not None:
                at = UNIX + datetime.timedelta(seconds=value)
                keys.append(f'{key} = "{at:%Y-%m-%dT%H:%M:%SZ}";')
        return " ".join(keys)

    def holds(self, now):
        if self.begin is not None and now < self.begin:
            return False
        if self.end is not None and now >= self.end:
            return False
        t = datetime.datetime.fromtimestamp(now, self.info)
        second = t.hour * 3600 + t.minute * 60 + t.second
        if self.days and DAYS[t.weekday()] not in self.days:
            return False
        if self.dates and t.day not in self.dates:
            return False
        if self.months and MONTHS[t.month - 1] not in self.months:
            return False
        if not self.times:
            return True
        for begin, end in self.times:
            if begin <= end and begin <= second < end:
                return True
            if begin > end and (second >= begin or second < end):
                return True
        return False


def span(text):
    """First and last of "A", "A-B" or a prefix."""
    if "/" in text:
        net = ipaddress.ip_network(text)
        return net.version, int(net.network_address), int(net.broadcast_address)
    first, _, last = text.partition("-")
    lo = ipaddress.ip_address(first)
    return lo.version, int(lo), int(ipaddress.ip_address(last or first))


def ports(text):
    first, _, last = text.partition("-")
    return int(first), int(last or first)


class Rule:
    """Conditions as lists of values; None: not set."""

    LISTS = (("users", "users"), ("groups", "groups"),
             ("principals", "principals"), ("certSubjects", "subjects"),
             ("applications", "applications"), ("hosts", "hosts"),
             ("application", "application"), ("certIssuer", "issuer"),
             ("neighbour", "neighbour"), ("role", "roles"),
             ("message", "messages"), ("protocol", "protos"),
             ("source", "src"), ("destination", "dst"),
             ("sourcePorts", "sports"), ("destPorts", "dports"),
             ("service", "services"), ("style", "styles"),
             ("interface", "ifaces"), ("inInterface", "ins"),
             ("outInterface", "outs"), ("dscp", "dscps"))

    def __init__(self, rnd, name, world):
        m = lambda n, make: maybe(rnd, n, make)  # pylint: disable=C3001
        self.name = name
        self.priority = rnd.choice((0, 0, 0, 1, -1, 7))
        self.deny = rnd.randrange(5) == 0
        self.disabled = rnd.randrange(15) == 0
        self.goes_on = rnd.randrange(5) == 0
        self.scope = rnd.choice(("RSVP",) * 6 + ("Both", "DataTraffic"))
        self.category = rnd.choice(world.categories + [None])
        self.users = m(5, lambda: some(rnd, ("1000", "1001-1003", "0", "7")))
        self.groups = m(7, lambda: some(rnd, ("100", "200-300", "5")))
        self.principals = m(14, lambda: some(rnd, PRINCIPAL_GLOBS))
        self.subjects = m(14, lambda: some(rnd, SUBJECT_ENDS))
        self.applications = m(14, lambda: some(rnd, LOCATOR_GLOBS))
        self.hosts = m(14, lambda: some(rnd, NETS))
        self.application = m(12, lambda: some(rnd, LOCATOR_GLOBS))
        self.issuer = m(25, lambda: some(rnd, SUBJECT_ENDS))
        self.authenticated = m(10, lambda: rnd.choice(("yes", "no", "any")))
        self.neighbour = m(12, lambda: some(rnd, NETS))
        self.roles = m(7, lambda: some(rnd, ROLES))
        self.messages = m(12, lambda: some(rnd, MESSAGES))
        self.protos = m(4, lambda: some(rnd, ("17", "6", "1-17", "0-255")))
        self.src = m(4, lambda: some(rnd, NETS))
        self.dst = m(3, lambda: some(rnd, NETS))
        self.sports = m(7, lambda: some(rnd, PORT_RANGES))
        self.dports = m(5, lambda: some(rnd, PORT_RANGES))
        self.multicast = m(10, lambda: rnd.choice(("yes", "no")))
        self.services = m(6, lambda: some(rnd, tuple(SERVICES)))
        self.styles = m(9, lambda: some(rnd, STYLES[1:]))
        self.ifaces = m(8, lambda: some(rnd, GLOBS))
        self.ins = m(20, lambda: some(rnd, GLOBS))
        self.outs = m(20, lambda: some(rnd, GLOBS))
        self.dscps = m(40, lambda: ["46"])
        self.own = m(8, lambda: When(rnd))
        self.whens = m(8, lambda: some(rnd, world.schedules)) \
            if world.schedules else None

    def conf(self):
        keys = [f'name = "{self.name}"; priority = {self.priority};',
                f'scope = "{self.scope}";']
        for key, member in self.LISTS:
            values = getattr(self, member)
            if values:
                keys.append(f"{key} = [ " +
                            ", ".join(f'"{v}"' for v in values) + " ];")
        for key, value in (("permission", "deny" if self.deny else None),
                           ("enabled", "no" if self.disabled else None),
                           ("continue", "yes" if self.goes_on else None),
                           ("authenticated", self.authenticated),
                           ("multicast", self.multicast)):
            if value:
                keys.append(f'{key} = "{value}";')
        if self.category:
            keys.append(f'category = "{self.category.name}";')
        if self.own:
            keys.append(self.own.conf())
        if self.whens:
            keys.append("when = [ " + ", ".join(
                f'"{name}"' for name, _ in self.whens) + " ];")
        return "{ " + "\n\t\t  ".join(keys) + " }"

    # -- the order of decision

    def who_rank(self):
        rank = 0
        if self.users:
            rank = 5
        if self.principals or self.subjects:
            rank = 4
        if self.applications:
            rank = 3
        if self.groups or self.hosts:
            rank = 2
        if self.application:
            rank = max(rank, 3)
        if self.authenticated in ("yes", "no") or self.issuer:
            rank = max(rank, 1)
        return rank

    @staticmethod
    def prefix_rank(texts):
        def one(text):
            version, lo, hi = span(text)
            return 1 + (32 if version == 4 else 128) - (hi - lo).bit_length()

        return min(map(one, texts)) if texts else 0

    @staticmethod
    def width_rank(texts, whole):
        if not texts:
            return 0
        wide = sum(hi - lo + 1 for lo, hi in map(ports, texts))
        return max(whole - wide, 0)

    @staticmethod
    def iface_rank(globs):
        if not globs:
            return 0
        return 1 if any(c in g for g in globs for c in "*?") else 2

    def rank(self):
        left_out = lambda l, n: n - len(set(l)) if l else 0  # noqa: E731 pylint: disable=C3001
        return (self.who_rank(), self.prefix_rank(self.dst),
                self.prefix_rank(self.src), self.width_rank(self.protos, 256),
                self.width_rank(self.dports, 65536),
                self.width_rank(self.sports, 65536),
                sum(map(self.iface_rank, (self.ifaces, self.ins, self.outs))),
                left_out(self.services, 2) + left_out(self.styles, 3),
                int(bool(self.own or self.whens)),
                left_out(self.roles, 3),
                left_out(self.messages, 2) + int(self.multicast is not None) +
                int(bool(self.neighbour)) + int(bool(self.dscps)))

    def key(self):
        return (-self.priority, tuple(-r for r in self.rank()),
                self.name.encode())

    # -- conditions

    def denies(self):
        return self.deny or bool(self.category and self.category.deny)

    def settle(self):
        """Once, so that questions are fast."""
        self.no = self.denies()
        for name in ("src", "dst", "hosts", "neighbour"):
            texts = getattr(self, name)
            setattr(self, name + "_in", texts and list(map(span, texts)))
        for name in ("users", "groups", "protos", "sports", "dports"):
            texts = getattr(self, name)
            setattr(self, name + "_in", texts and list(map(ports, texts)))

    def who(self, q):
        lists = (self.users, self.groups, self.principals, self.subjects,
                 self.applications, self.hosts)
        if not any(lists):
            return True
        if "uid" in q:
            if self.users and number_in(q["uid"], self.users_in):
                return True
            if self.groups and any(number_in(g, self.groups_in)
                                   for g in [q["gid"]] + q["groups"]):
                return True
        if self.principals and "principal" in q and any(
                match(g, q["principal"]) for g in self.principals):
            return True
        if self.subjects and "subject" in q and below(q["subject"],
                                                      self.subjects):
            return True
        if self.applications and locator(q, self.applications):
            return True
        return bool(self.hosts) and within(q["src"], self.hosts_in)

    def failed(self, q):
        """The first condition that does not hold, or None."""
        for name, test in TESTS:
            if not test(self, q):
                if name == "who" and not known(q):
                    return "unknown"
                return name
        return None

    def interface(self, q):
        path = q["message"] == "path"
        return names(self.ifaces, q["iface"]) and \
            names(self.ins, q["iface"] if path else "") and \
            names(self.outs, "" if path else q["iface"])

    def is_now(self, q):
        if self.own and not self.own.holds(q["now"]):
            return False
        return not self.whens or any(w.holds(q["now"])
                                     for _, w in self.whens)


def number_in(n, spans):
    return not spans or any(lo <= n <= hi for lo, hi in spans)


def within(address, spans):
    if not spans:
        return True
    if address is None:
        return False
    version, value = address
    return any(v == version and lo <= value <= hi for v, lo, hi in spans)


GLOB_CACHE = {}


def match(glob, text):
    if glob not in GLOB_CACHE:
        GLOB_CACHE[glob] = re.compile(fnmatch.translate(
            glob.replace("[", "[[]")))
    return GLOB_CACHE[glob].match(text) is not None


def names(globs, name):
    return not globs or (name != "" and any(match(g, name) for g in globs))


def below(dn, ends):
    dn = dn.lower()
    return any(dn == e.lower() or dn.endswith("," + e.lower()) for e in ends)


def locator(q, patterns):
    if "application" not in q:
        return False
    has = q["application"].split(",")
    return any(all(any(match(part, a) for a in has) for part in p.split(","))
               for p in patterns)


def known(q):
    return "uid" in q or "principal" in q or "subject" in q


def source_open(r, q):
    """Whoever sends is of the destination's family."""
    return q["src"] is None and r.no and (
        not r.src_in or q["dst"][0] in [v for v, _, _ in r.src_in])


def service(r, q):
    if not r.services:
        return True
    if q["service"]:
        return q["service"] in r.services
    return not r.no or len(set(r.services)) == 2


def style(r, q):
    if not r.styles:
        return True
    if q["style"]:
        return q["style"] in r.styles
    return not r.no or len(set(r.styles)) == 3


TESTS = (
    ("disabled", lambda r, q: not r.disabled),
    ("scope", lambda r, q: r.scope != "DataTraffic"),
    ("who", Rule.who),
    ("application", lambda r, q: not r.application or
     locator(q, r.application)),
    ("issuer", lambda r, q: not r.issuer or
     ("issuer" in q and below(q["issuer"], r.issuer))),
    ("authenticated", lambda r, q: r.authenticated in (None, "any") or
     (r.authenticated == "yes") == known(q)),
    ("neighbour", lambda r, q: within(q["neighbour"], r.neighbour_in)),
    ("role", lambda r, q: not r.roles or q["role"] in r.roles),
    ("message", lambda r, q: not r.messages or q["message"] in r.messages),
    ("protocol", lambda r, q: number_in(q["proto"], r.protos_in)),
    ("destination", lambda r, q: within(q["dst"], r.dst_in)),
    ("multicast", lambda r, q: r.multicast is None or
     (r.multicast == "yes") == q["multicast"]),
    ("dport", lambda r, q: number_in(q["dport"], r.dports_in)),
    ("source", lambda r, q: source_open(r, q) or within(q["src"], r.src_in)),
    ("sport", lambda r, q: source_open(r, q) or
     number_in(q["sport"], r.sports_in)),
    ("service", service),
    ("style", style),
    ("interface", Rule.interface),
    ("dscp", lambda r, q: not r.dscps),
    ("time", Rule.is_now),
)
