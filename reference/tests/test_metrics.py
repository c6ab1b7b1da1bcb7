"""Numbers in, text out, read back by a small reader of the format; and what a hostile client cannot do to it."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import metrics as metrics_module
from merkhet_reference.metrics import BOUNDS, CONTENT_TYPE, Counter, Gauge, Histogram, Metrics, encode
from merkhet_reference.router import KNOWN_METHODS

FIXED = settings(deadline=None, derandomize=True, database=None)
LINE = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? ([^ \n]+)\Z'
)
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
WORDS = {"+Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan}

Labels = tuple[tuple[str, str], ...]


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def read(octets: bytes) -> tuple[dict[str, str], dict[str, str], dict[tuple[str, Labels], float]]:
    """The helps, the kinds, and the numbers by name and labels. Fails for a line that is none, or comes twice."""
    helps: dict[str, str] = {}
    kinds: dict[str, str] = {}
    numbers: dict[tuple[str, Labels], float] = {}
    lines = octets.decode("utf-8").split("\n")
    assert lines.pop() == "", "the last line ends too"
    for line in lines:
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            assert name not in helps
            helps[name] = unescape(text)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds
            kinds[name] = kind
        else:
            match = LINE.match(line)
            assert match, line
            labels = tuple((name, unescape(value)) for name, value in PAIR.findall(match[2] or ""))
            key = (match[1], labels)
            assert key not in numbers
            numbers[key] = WORDS[match[3]] if match[3] in WORDS else float(match[3])
            owner = re.sub("_(bucket|sum|count)$", "", match[1]) if kinds.get(match[1]) is None else match[1]
            assert list(kinds)[-1] == owner, "the lines of a metric stand together, below its kind"
    return helps, kinds, numbers


def test_the_text_is_this() -> None:
    counter = Counter("hits_total", "What was hit.", ("path", "how"))
    counter.add(2, ("/a", "x"))
    counter.add(1, ("/b", "x"))
    counter.add(0.5, ("/a", "x"))
    gauge = Gauge("heat", "How hot.")
    gauge.set(-3)
    histogram = Histogram("size", "How large.", ("k",), bounds=(1, 2.5))
    for size in (0, 1, 1.5, 2.5, 3):
        histogram.observe(size, ("v",))
    assert encode([counter, gauge, histogram]).decode() == (
        "# HELP hits_total What was hit.\n"
        "# TYPE hits_total counter\n"
        'hits_total{path="/a",how="x"} 2.5\n'
        'hits_total{path="/b",how="x"} 1\n'
        "# HELP heat How hot.\n"
        "# TYPE heat gauge\n"
        "heat -3\n"
        "# HELP size How large.\n"
        "# TYPE size histogram\n"
        'size_bucket{k="v",le="1"} 2\n'
        'size_bucket{k="v",le="2.5"} 4\n'
        'size_bucket{k="v",le="+Inf"} 5\n'
        'size_sum{k="v"} 8.0\n'
        'size_count{k="v"} 5\n'
    )


def test_nothing_is_an_empty_text() -> None:
    assert encode([]) == b""


def test_without_labels_there_is_a_zero_and_with_them_nothing_yet() -> None:
    assert list(Counter("a", "").samples()) == list(Gauge("a", "").samples()) == [("a", 0)]
    assert dict(Histogram("a", "", bounds=()).samples()) == {'a_bucket{le="+Inf"}': 0, "a_sum": 0, "a_count": 0}
    for labelled in (Counter("a", "", ("b",)), Gauge("a", "", ("b",)), Histogram("a", "", ("b",))):
        assert list(labelled.samples()) == []


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("\\", r"\\"), ('"', r"\""), ("\n", r"\n"), (r"\n", r"\\n"), ('\\"', r"\\\""), ("\r", "\r"), ("\u2028", "\u2028"),
        ('a"} 1\nevil 2', r"a\"} 1\nevil 2"), ("\ud800", "?"), ("\u00e9", "\u00e9"), ("", ""), ("{},= ", "{},= "),
    ],
)  # fmt: skip
def test_a_label_value_stays_in_its_quotes(value: str, escaped: str) -> None:
    counter = Counter("a", "b", ("c",))
    counter.add(1, (value,))
    assert encode([counter]).decode() == f'# HELP a b\n# TYPE a counter\na{{c="{escaped}"}} 1\n'


def test_a_help_stays_on_its_line() -> None:
    text = 'a\\b\nevil 1\r "c"'
    octets = encode([Counter("a", text)])
    assert octets.startswith(rb"# HELP a a\\b\nevil 1" + b'\r "c"\n# TYPE')
    assert read(octets)[0] == {"a": text}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (10**15, "1000000000000000"), (0.5, "0.5"), (1e-7, "1e-07"), (math.inf, "+Inf"), (-math.inf, "-Inf"),
     (math.nan, "NaN")],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    gauge = Gauge("a", "")
    gauge.set(value)
    assert encode([gauge]).endswith(f"\na {text}\n".encode())


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "a\n", "\u00e9", 'a{b="c"}'])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name for a metric"):
        Counter(name, "")
    with pytest.raises(ValueError, match="not names for labels"):
        Histogram("a", "", ("good", name))


@pytest.mark.parametrize("label", ["__name__", "le", "a:b"])
def test_a_label_that_is_not_ours_to_name_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="not names for labels"):
        Counter("a", "", (label,))


@pytest.mark.parametrize("values", [(), ("x",), ("x", "y", "z")])
def test_a_wrong_number_of_label_values_is_refused(values: tuple[str, ...]) -> None:
    names = ("b", "c")
    counter, gauge, histogram = Counter("a", "", names), Gauge("a", "", names), Histogram("a", "", names)
    with pytest.raises(ValueError, match="a has the labels"):
        counter.add(1, values)
    with pytest.raises(ValueError, match="a has the labels"):
        gauge.set(1, values)
    with pytest.raises(ValueError, match="a has the labels"):
        histogram.observe(1, values)
    assert [list(metric.samples()) for metric in (counter, gauge, histogram)] == [[], [], []]


@pytest.mark.parametrize("amount", [-1, -0.1, -math.inf, math.nan])
def test_a_counter_only_grows(amount: float) -> None:
    counter = Counter("a", "")
    with pytest.raises(ValueError, match="only grows"):
        counter.add(amount)
    assert list(counter.samples()) == [("a", 0)]


@pytest.mark.parametrize("bounds", [(2.0, 1.0), (1.0, 1.0), (1.0, math.inf), (math.nan,)])
def test_bad_bounds_are_refused(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Histogram("a", "", bounds=bounds)


@FIXED
@given(st.lists(st.floats(0, 1e9), max_size=20), st.lists(st.floats(0, 1e6), max_size=5, unique=True).map(sorted))
def test_any_observations_are_in_every_bucket_that_holds_them(values: list[float], bounds: list[float]) -> None:
    histogram = Histogram("a", "", bounds=tuple(bounds))
    for value in values:
        histogram.observe(value)
    _, kinds, numbers = read(encode([histogram]))
    assert kinds == {"a": "histogram"}
    buckets = {float(dict(labels)["le"]): count for (_, labels), count in numbers.items() if labels}
    assert buckets == {bound: sum(value <= bound for value in values) for bound in (*bounds, math.inf)}
    assert numbers["a_count", ()] == len(values)
    assert numbers["a_sum", ()] == pytest.approx(sum(values))


@FIXED
@given(st.dictionaries(st.tuples(st.text(max_size=5), st.text(max_size=5)), st.integers(0, 10**12), max_size=4))
def test_any_label_values_are_read_back(counts: dict[tuple[str, str], int]) -> None:
    counter = Counter("a:b_total", "", ("c", "_d"))
    for values, count in counts.items():
        counter.add(count, values)
    _, _, numbers = read(encode([counter]))
    assert numbers == {("a:b_total", (("c", c), ("_d", d))): count for (c, d), count in counts.items()}


# What the server counts.


def changes(metrics: Metrics, before: dict[str, float]) -> dict[str, float]:
    """The lines that are new or other than before, without the buckets."""
    after = metrics.snapshot()
    return {name: n for name, n in after.items() if "_bucket{" not in name and before.get(name) != n}


@pytest.mark.parametrize(
    ("method", "status", "complete", "labels", "outcome"),
    [
        (b"GET", 200, True, ("GET", "2xx"), "complete"),
        (b"GET", 206, False, ("GET", "2xx"), "broken"),
        (b"GET", 204, True, ("GET", "2xx"), None),
        (b"GET", 404, True, ("GET", "4xx"), None),
        (b"HEAD", 200, True, ("HEAD", "2xx"), None),
        (b"POST", 200, False, ("POST", "2xx"), None),
        (b"OPTIONS", 101, True, ("OPTIONS", "1xx"), None),
        (b"TRACE", 599, True, ("TRACE", "5xx"), None),
        (b"CONNECT", 399, True, ("CONNECT", "3xx"), None),
        (b"", 400, True, ("other", "4xx"), None),
        (b"get", 200, True, ("other", "2xx"), None),
        (b'X"} 1\nevil', 999, True, ("other", "other"), None),
        (b"other", 99, True, ("other", "other"), None),
    ],
)
def test_a_request_is_counted(
    *, method: bytes, status: int, complete: bool, labels: tuple[str, str], outcome: str | None
) -> None:
    metrics = Metrics()
    before = metrics.snapshot()
    metrics.count_request(method, status, 123, 0.5, complete=complete)
    expected = {
        f'merkhet_requests_total{{method="{labels[0]}",status="{labels[1]}"}}': 1,
        "merkhet_sent_bytes_total": 123,
        "merkhet_request_seconds_sum": 0.5,
        "merkhet_request_seconds_count": 1,
    }
    if outcome is not None:
        expected[f'merkhet_downloads_total{{outcome="{outcome}"}}'] = 1
    assert changes(metrics, before) == expected


def test_requests_add_up() -> None:
    metrics = Metrics()
    for number in range(3):
        metrics.count_request(b"GET", 200 + number, 10, 1.0, complete=True)
    numbers = metrics.snapshot()
    assert numbers['merkhet_requests_total{method="GET",status="2xx"}'] == 3
    assert numbers['merkhet_downloads_total{outcome="complete"}'] == 1
    assert (numbers["merkhet_sent_bytes_total"], numbers["merkhet_request_seconds_sum"]) == (30, 3.0)


@pytest.mark.parametrize("seconds", [0.0, BOUNDS[0], 0.0011, 1.0, 60.0, 60.1])
def test_a_duration_is_in_its_bucket(seconds: float) -> None:
    metrics = Metrics()
    metrics.count_request(b"GET", 200, 0, seconds, complete=True)
    numbers = metrics.snapshot()
    found = [numbers[f'merkhet_request_seconds_bucket{{le="{bound}"}}'] for bound in (*BOUNDS, "+Inf")]
    assert found == [0] * bisect_left(BOUNDS, seconds) + [1] * (len(BOUNDS) + 1 - bisect_left(BOUNDS, seconds))


def test_octets_and_connections_are_counted() -> None:
    metrics = Metrics()
    before = metrics.snapshot()
    metrics.count_received(5)
    metrics.count_received(7)
    for _ in range(3):
        metrics.connection_opened()
    metrics.connection_closed()
    metrics.connection_refused()
    assert changes(metrics, before) == {
        "merkhet_received_bytes_total": 12,
        "merkhet_connections_accepted_total": 3,
        "merkhet_connections_refused_total": 1,
        "merkhet_connections_open": 2,
    }


def test_what_the_server_knows_is_set_by_attribute() -> None:
    metrics = Metrics()
    before = metrics.snapshot()
    metrics.queue_depth, metrics.workers_busy, metrics.workers_total = 1, 2, 3
    metrics.requests_in_flight, metrics.event_streams_open = 4, 5
    assert changes(metrics, before) == {
        "merkhet_queue_depth": 1, "merkhet_workers_busy": 2, "merkhet_workers": 3,
        "merkhet_requests_in_flight": 4, "merkhet_event_streams_open": 5,
    }  # fmt: skip
    metrics.queue_depth = 0
    assert metrics.snapshot()["merkhet_queue_depth"] == 0


def test_text_and_snapshot_say_the_same() -> None:
    metrics = Metrics()
    metrics.count_request(b"PUT", 201, 7, 0.25, complete=True)
    metrics.connection_opened()
    helps, kinds, numbers = read(metrics.encode())
    snapshot = metrics.snapshot()
    assert json.loads(json.dumps(snapshot, allow_nan=False)) == snapshot
    assert list(numbers.values()) == list(snapshot.values())
    assert list(helps) == list(kinds)
    assert all(helps.values())
    for name, kind in kinds.items():
        assert name.endswith("_total") == (kind == "counter"), "a counter's name says so"


def test_a_scrape_begins_with_both_outcomes_of_a_download() -> None:
    downloads = {key: n for key, n in Metrics().snapshot().items() if key.startswith("merkhet_downloads_total")}
    assert downloads == {f'merkhet_downloads_total{{outcome="{outcome}"}}': 0 for outcome in ("complete", "broken")}


@FIXED
@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(-10, 10**6)), max_size=30))
def test_no_client_makes_the_text_longer(requests: list[tuple[bytes, int]]) -> None:
    metrics = Metrics()
    for method in (*metrics_module.METHODS, b"?"):
        for status in (100, 200, 300, 400, 500, 600):
            metrics.count_request(method, status, 0, 0.0, complete=True)
    lines = metrics.snapshot().keys()
    for method, status in requests:
        metrics.count_request(method, status, 1, 0.1, complete=False)
    assert metrics.snapshot().keys() == lines


def test_the_methods_are_the_routers() -> None:
    assert set(metrics_module.METHODS.values()) == KNOWN_METHODS


def test_the_content_type_names_the_version() -> None:
    assert CONTENT_TYPE == b"text/plain; version=0.0.4; charset=utf-8"


def test_a_reader_keeps_what_it_began_with() -> None:
    """Between two lines that a reader takes, the writer counts on."""
    counter = Counter("a", "", ("b",))
    counter.add(1, ("x",))
    counter.add(1, ("y",))
    found = [next(lines := counter.samples())]
    counter.add(1, ("z",))
    counter.add(1, ("y",))
    assert [*found, *lines] == [('a{b="x"}', 1), ('a{b="y"}', 1)]

    histogram = Histogram("h", "", ("b",), bounds=(1.0,))
    histogram.observe(0.5, ("x",))
    observed = [next(samples := histogram.samples())]
    histogram.observe(0.5, ("x",))
    histogram.observe(0.5, ("y",))
    numbers = dict([*observed, *samples])
    assert numbers['h_count{b="x"}'] == numbers['h_bucket{b="x",le="+Inf"}'] == numbers['h_bucket{b="x",le="1.0"}'] == 1
    assert not any("y" in name for name in numbers)
