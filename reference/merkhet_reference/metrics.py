"""Prometheus text exposition format, version 0.0.4: what the server counts, as numbers to scrape and to read.

One thread writes, any thread reads. The writer is the I/O thread: it adds to plain integers and takes no lock, because
nobody else ever adds to them. A reader copies before it looks, and a copy of a dict or a list is made in one step. So
what it sees of one number is right; of two numbers, one may be a request ahead of the other.

Nothing here grows with what clients send. Each label has a fixed set of values, and whatever is not in the set is counted
under "other".
"""

from __future__ import annotations

import abc
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import ClassVar

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

LabelValues = tuple[str, ...]
"""The values of a metric's labels, in the order of their names; () for a metric without labels."""

Sample = tuple[str, float]
"""One line of the text: a name with its labels, and a number."""

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*+\Z")
LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*+\Z")
"""Two underscores at the beginning are for Prometheus itself."""

HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
LABEL_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
"""A line ends at LF alone; a CR and all else stand as they are."""

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Seconds: from an answer out of memory to a download. What took longer is in the last bucket, which has no bound."""

OTHER = "other"

METHODS = {
    name.encode("ascii"): name
    for name in ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
}
"""A client can say any token as its method, and each would be a line of the text for ever: these, and OTHER."""

STATUS_CLASSES = {hundreds: f"{hundreds}xx" for hundreds in range(1, 6)}
"""RFC 9110, Section 15."""

DOWNLOAD_STATUSES = frozenset((200, 206))
COMPLETE: LabelValues = ("complete",)
BROKEN: LabelValues = ("broken",)

GAUGES = (
    ("connections_open", "merkhet_connections_open", "Connections that are open."),
    ("queue_depth", "merkhet_queue_depth", "Requests that wait for a worker."),
    ("workers_busy", "merkhet_workers_busy", "Workers that run a task."),
    ("workers_total", "merkhet_workers", "Workers there are."),
    ("requests_in_flight", "merkhet_requests_in_flight", "Requests that are read and not yet answered to the end."),
    ("event_streams_open", "merkhet_event_streams_open", "Event streams that are open."),
    ("websockets_open", "merkhet_websockets_open", "WebSockets that are open."),
)
"""Attributes of Metrics, the names of their gauges ("_total" ends the name of a counter alone), and what they say."""

COUNTS = (
    ("websockets_opened", "merkhet_websockets_opened_total", "WebSockets that were opened."),
    ("messages_received", "merkhet_websocket_messages_received_total", "Messages that came over WebSockets."),
    ("messages_sent", "merkhet_websocket_messages_sent_total", "Messages that were sent over WebSockets."),
)
"""Attributes of Metrics that only grow, and their counters."""


class Metric(abc.ABC):
    """What all kinds have: a name, a line of help, and the names of the labels. Raises ValueError for a bad name."""

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        if METRIC_NAME.match(name) is None:
            raise ValueError(f"not a name for a metric: {name!r}")
        if "le" in labels or any(LABEL_NAME.match(label) is None for label in labels):
            raise ValueError(f"not names for labels: {labels!r}")  # "le" is a histogram's own
        self.name = name
        self.text = text
        self.labels = labels

    def check(self, values: LabelValues) -> None:
        """Raise ValueError unless there is one value for each label."""
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels!r}")

    @abc.abstractmethod
    def samples(self) -> Iterator[Sample]:
        """Return the metric's lines. Any thread."""


class Number(Metric):
    """One number for each combination of label values: `values`, into which one thread writes."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        super().__init__(name, text, labels)
        self.values: dict[LabelValues, float] = {} if labels else {(): 0}

    def samples(self) -> Iterator[Sample]:
        """Return a line for each combination of label values that there was."""
        for key, value in self.values.copy().items():
            yield sample_name(self.name, self.labels, key), value


class Counter(Number):
    """A number that only grows."""

    kind = "counter"

    def add(self, amount: float = 1, values: LabelValues = ()) -> None:
        """Add to the number. Raises ValueError for less than nothing, or too few or too many label values."""
        self.check(values)
        if not amount >= 0:
            raise ValueError("a counter only grows")
        self.values[values] = self.values.get(values, 0) + amount


class Gauge(Number):
    """A number that is what it is now."""

    kind = "gauge"

    def set(self, value: float, values: LabelValues = ()) -> None:
        """Say what the number is. Raises ValueError for too few or too many label values."""
        self.check(values)
        self.values[values] = value


class Distribution:
    """How many of a histogram's observations are in each bucket, not yet added up, and the sum of them all."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.total = 0.0


class Histogram(Metric):
    """How many observations were at most so large, for each of `bounds`, which ascend; the last bucket has no bound."""

    kind = "histogram"

    def __init__(
        self, name: str, text: str, labels: tuple[str, ...] = (), *, bounds: tuple[float, ...] = BOUNDS
    ) -> None:
        super().__init__(name, text, labels)
        if list(bounds) != sorted(set(bounds)) or not all(map(math.isfinite, bounds)):
            raise ValueError("the bounds of a histogram ascend and are finite")
        self.bounds = bounds
        self.values: dict[LabelValues, Distribution] = {} if labels else {(): Distribution(len(bounds) + 1)}

    def observe(self, value: float, values: LabelValues = ()) -> None:
        """Count one observation. Raises ValueError for too few or too many label values."""
        distribution = self.values.get(values)
        if distribution is None:
            self.check(values)
            distribution = self.values[values] = Distribution(len(self.bounds) + 1)
        # A bucket's bound is in the bucket, so the first bound that is not smaller is the one.
        distribution.counts[bisect_left(self.bounds, value)] += 1
        distribution.total += value

    def samples(self) -> Iterator[Sample]:
        """Return buckets, sum and count. The count is the last bucket, as it must be, whatever the writer adds meanwhile."""
        names = (*self.labels, "le")
        for key, distribution in self.values.copy().items():
            sums = list(accumulate(distribution.counts))
            for bound, count in zip((*self.bounds, math.inf), sums, strict=True):
                yield sample_name(f"{self.name}_bucket", names, (*key, number(bound))), count
            yield sample_name(f"{self.name}_sum", self.labels, key), distribution.total
            yield sample_name(f"{self.name}_count", self.labels, key), sums[-1]


def sample_name(name: str, labels: tuple[str, ...], values: LabelValues) -> str:
    """Return the name with its labels in braces, the values quoted; no braces without labels."""
    if not labels:
        return name
    pairs = (f'{label}="{value.translate(LABEL_ESCAPES)}"' for label, value in zip(labels, values, strict=True))
    return f"{name}{{{','.join(pairs)}}}"


def number(value: float) -> str:
    """Return a number in the format's notation, which has its own words for what is not finite."""
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def encode(metrics: Iterable[Metric]) -> bytes:
    """Return the text: help, kind and lines of each metric, every line with its LF. Names must differ."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {metric.text.translate(HELP_ESCAPES)}\n")
        lines.append(f"# TYPE {metric.name} {metric.kind}\n")
        lines += [f"{name} {number(value)}\n" for name, value in metric.samples()]
    return "".join(lines).encode("utf-8", "replace")


class Metrics:
    """What the server counts. The I/O thread calls the methods and sets the attributes; any thread asks for the result.

    The attributes are numbers that the server knows without counting: `queue_depth`, `workers_busy`, `workers_total`,
    `requests_in_flight`, `event_streams_open`, `websockets_open`, and those of COUNTS. `look_up` sets them, whenever the
    result is asked for.
    """

    def __init__(self) -> None:
        self.look_up: Callable[[], None] = lambda: None
        self.connections_open = 0
        self.queue_depth = 0
        self.workers_busy = 0
        self.workers_total = 0
        self.requests_in_flight = 0
        self.event_streams_open = 0
        self.websockets_open = self.websockets_opened = 0
        self.messages_received = self.messages_sent = 0
        self.requests = Counter("merkhet_requests_total", "Requests that were answered.", ("method", "status"))
        self.received = Counter("merkhet_received_bytes_total", "Octets that came from clients.")
        self.sent = Counter("merkhet_sent_bytes_total", "Octets of answers, heads and content.")
        self.downloads = Counter("merkhet_downloads_total", "Answers to GET with 200 or 206.", ("outcome",))
        self.accepted = Counter("merkhet_connections_accepted_total", "Connections that were opened.")
        self.refused = Counter("merkhet_connections_refused_total", "Connections that were one too many.")
        self.duration = Histogram("merkhet_request_seconds", "From a request's head to the end of its answer.")
        # Both are in the text from the start: a rate is of two readings, and the first may be of nothing.
        self.downloads.values.update({COMPLETE: 0, BROKEN: 0})

    def count_request(self, method: bytes, status: int, sent_bytes: int, seconds: float, *, complete: bool) -> None:
        """Count one request at the end of its answer: octets sent, seconds since its head came.

        `complete` tells that the client was sent all of it. For a request that nobody could read, the method is b"".
        """
        # Choice: dicts and not `add`, for this is done for every request: it costs less than one microsecond.
        key = (METHODS.get(method, OTHER), STATUS_CLASSES.get(status // 100, OTHER))
        requests = self.requests.values
        requests[key] = requests.get(key, 0) + 1
        self.sent.values[()] += sent_bytes
        if method == b"GET" and status in DOWNLOAD_STATUSES:
            self.downloads.values[COMPLETE if complete else BROKEN] += 1
        self.duration.observe(seconds)

    def count_received(self, octets: int) -> None:
        """Count octets that came from a client."""
        self.received.values[()] += octets

    def connection_opened(self) -> None:
        """Count a connection that is open from now on."""
        self.connections_open += 1
        self.accepted.values[()] += 1

    def connection_closed(self) -> None:
        """Count a connection that was opened before as gone."""
        self.connections_open -= 1

    def connection_refused(self) -> None:
        """Count a connection that was one too many. If it is opened to be told so, count that too."""
        self.refused.values[()] += 1

    def collect(self) -> list[Metric]:
        """Return every metric, the gauges with what the attributes say now. Any thread."""
        self.look_up()
        known: list[Metric] = []
        for attribute, name, text in COUNTS:
            counter = Counter(name, text)
            counter.add(getattr(self, attribute))
            known.append(counter)
        for attribute, name, text in GAUGES:
            gauge = Gauge(name, text)
            gauge.set(getattr(self, attribute))
            known.append(gauge)
        counted = (self.requests, self.received, self.sent, self.downloads, self.accepted, self.refused, self.duration)
        return [*counted, *known]

    def snapshot(self) -> dict[str, float]:
        """Return each line of the text as a name with its labels and a number, for JSON and for tests. Any thread."""
        return dict(sample for metric in self.collect() for sample in metric.samples())

    def encode(self) -> bytes:
        """Return the text, to be sent as CONTENT_TYPE. Any thread."""
        return encode(self.collect())
