"""The conditional GET: what it sends, what it makes of answers, good and hostile."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import zlib
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from monitor.clock import SystemClock
from monitor.errors import FetchError
from monitor.feeds.fetch import HttpFetcher, max_age, retry_after
from monitor.feeds.hosts import HostGates
from monitor.feeds.settings import CollectSettings
from monitor.guard import Guard, guarded_session
from monitor.testing import MONDAY
from monitor.types import FeedSpec, FeedState, Fetched, NotModified, Secret
from tests.feeds.server import (
    Behaviour,
    Server,
    answer,
    conditional,
    dripping,
    endless,
    one_after_another,
    raw,
    redirect,
    rss,
    serving,
    silent,
)

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
QUICK = CollectSettings(
    host_gap=0.0,
    total_timeout=1.0,
    connect_timeout=1.0,
    max_wire_bytes=2_000_000,
    max_body_bytes=4_000_000,
    user_agent="test (+mailto:a@b.example)",
)
FEED = rss("<item><title>x</title></item>")


def run(
    use: Callable[[Server, HttpFetcher], Awaitable[None]],
    settings: CollectSettings = QUICK,
    allowed: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (LOOPBACK,),
    **routes: Behaviour,
) -> None:
    async def main() -> None:
        clock = SystemClock()
        guard = Guard(allowed)
        async with serving(**routes) as server, guarded_session(guard, total=None, auto_decompress=False) as session:
            await use(server, HttpFetcher(session, guard, HostGates(settings.host_gap, clock), settings, clock))

    asyncio.run(main())


def fetched(
    behaviour: Behaviour, settings: CollectSettings = QUICK, state: FeedState | None = None, full: bool = False
) -> Fetched | NotModified:
    found: list[Fetched | NotModified] = []

    async def use(server: Server, fetcher: HttpFetcher) -> None:
        spec = FeedSpec(id="f", url=server.url("/feed"), name="F")
        found.append(await fetcher.fetch(spec, state or FeedState(feed_id="f", url=spec.url), full=full))

    async def patient(server: Server, fetcher: HttpFetcher) -> None:
        nonlocal state
        if state is not None:
            state = FeedState(feed_id="f", url=server.url("/feed"), etag=state.etag, last_modified=state.last_modified)
        await use(server, fetcher)

    run(patient, settings, feed=behaviour)
    return found[0]


def refused(behaviour: Behaviour, settings: CollectSettings = QUICK) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetched(behaviour, settings)
    return caught.value


def test_a_document_arrives_with_what_its_server_said() -> None:
    headers = {
        "ETag": 'W/"7"',
        "Last-Modified": "Mon, 26 Feb 2024 07:00:00 GMT",
        "Cache-Control": "public, max-age=900",
        "Content-Type": "application/rss+xml; charset=utf-8",
    }
    document = fetched(answer(FEED, headers=headers))
    assert isinstance(document, Fetched)
    assert document.body == FEED and document.etag == 'W/"7"' and document.max_age == 900
    assert document.last_modified == "Mon, 26 Feb 2024 07:00:00 GMT"
    assert document.wire_bytes == len(FEED) and not document.truncated and document.permanent_url is None


def test_what_is_sent() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        spec = FeedSpec(id="f", url=server.url("/feed"), name="F")
        state = FeedState(feed_id="f", url=spec.url, etag='"1"', last_modified="Mon, 26 Feb 2024 07:00:00 GMT")
        assert isinstance(await fetcher.fetch(spec, state), NotModified)
        assert isinstance(await fetcher.fetch(spec, state, full=True), Fetched)
        first, second = (request.headers for request in server.seen)
        assert first["if-none-match"] == '"1"' and first["if-modified-since"] == state.last_modified
        assert first["user-agent"] == "test (+mailto:a@b.example)" and first["accept-encoding"] == "gzip, deflate"
        assert "if-none-match" not in second and "if-modified-since" not in second

    run(use, feed=conditional(FEED, '"1"'))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("identity", FEED),
        ("", gzip.compress(FEED)),
        ("gzip", FEED),
        ("gzip", gzip.compress(FEED[:50]) + gzip.compress(FEED[50:])),
        ("gzip", gzip.compress(FEED) + b"rubbish"),
    ],
)
def test_encodings(encoding: str, body: bytes) -> None:
    document = fetched(answer(body, headers={"Content-Encoding": encoding} if encoding else {}))
    assert isinstance(document, Fetched) and document.body == FEED and not document.truncated


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (answer(b"", status="404 Not Found"), "http", "HTTP 404 (no such page)"),
        (answer(b"", status="410 Gone"), "gone", "gone for good"),
        (answer(b"", status="401 Unauthorized"), "http", "password"),
        (answer(b"", status="500 Oops"), "http", "HTTP 500"),
        (answer(b"", status="403 No", headers={"cf-mitigated": "challenge"}), "throttled", "bot challenge"),
        (answer(b"", status="304 Not Modified"), "http", "304"),
        (answer(b"", status="300 Many"), "http", "HTTP 300"),
        (answer(gzip.compress(b"a" * 10_000_000), headers={"Content-Encoding": "gzip"}), "too-large", "decompression"),
        (answer(gzip.compress(gzip.compress(FEED)), headers={"Content-Encoding": "gzip, gzip"}), "encoding", "stacked"),
        (answer(FEED, headers={"Content-Encoding": "br"}), "encoding", "encoding br"),
        (answer(b"\x1f\x8b\x08broken-gzip-stream", headers={"Content-Encoding": "gzip"}), "encoding", "decompress"),
        (answer(b"x", length=99_999_999_999), "too-large", "limit 2 MB"),
        (endless(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * 60_000), "too-large", "limit 2 MB"),
        (endless(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 2000 + b"\r\n"), "http", "not HTTP"),
        (endless(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 300), "http", "not HTTP"),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 5000), "http", "not HTTP"),
        (raw(b"\x00\x01rubbish\r\n\r\n"), "http", "not HTTP"),
        (raw(b""), "connect", "connection broke"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"), "http", "not HTTP"),
        (silent, "timeout", "timed out after 1 s"),
        (dripping(b"x" * 1000, 0.2), "timeout", "timed out"),
        (redirect("file:///etc/passwd"), "redirect", "not an http"),
        (redirect(""), "redirect", "nowhere"),
        (redirect("/feed"), "redirect", "too many redirects"),
        (redirect("http://10.0.0.1/"), "refused-address", "address not allowed"),
        (redirect("http://169.254.169.254/latest/meta-data"), "refused-address", "169.254.169.254"),
        (redirect("http://[::ffff:127.0.0.1]/"), "refused-address", "not public"),
        (redirect("http://[64:ff9b::7f00:1]/"), "refused-address", "not public"),
        (redirect("http://8.8.8.8:22/"), "refused-address", "port not allowed"),
        (redirect("http://no-such-host.invalid/"), "dns", "does not resolve"),
    ],
)
def test_every_bad_answer_has_its_cause(behaviour: Behaviour, kind: str, words: str) -> None:
    error = refused(behaviour)
    assert (error.kind, words in str(error)) == (kind, True), str(error)
    assert "\n" not in str(error) and len(str(error)) < 500


def test_a_zip_bomb_is_stopped_by_its_ratio_before_its_size() -> None:
    settings = CollectSettings(host_gap=0, max_body_bytes=50_000_000)
    error = refused(answer(gzip.compress(b"a" * 30_000_000), headers={"Content-Encoding": "gzip"}), settings)
    assert error.kind == "too-large" and "200 to 1" in str(error)


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(FEED[:100], length=len(FEED), headers={"ETag": '"1"'}),
        raw(b"HTTP/1.1 200 OK\r\nETag: 1\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + FEED[:100] + b"\r\n"),
        answer(gzip.compress(FEED)[:-20], headers={"Content-Encoding": "gzip", "ETag": '"1"'}),
    ],
)
def test_a_cut_body_is_marked_and_gives_no_validators(behaviour: Behaviour) -> None:
    document = fetched(behaviour)
    assert isinstance(document, Fetched)
    assert document.truncated and document.etag is None and FEED.startswith(document.body) and document.body


def test_giant_and_eight_bit_validators_are_not_kept() -> None:
    for value in ("a" * 5000, "caf\xe9"):
        document = fetched(answer(FEED, headers={"ETag": value}))
        assert isinstance(document, Fetched) and document.etag is None


def test_redirects_are_followed_and_permanent_ones_told() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        for path, permanent in (("/old", True), ("/mixed", False), ("/found", False)):
            spec = FeedSpec(id="f", url=server.url(path), name="F")
            document = await fetcher.fetch(spec, FeedState(feed_id="f", url=spec.url))
            assert document.url == server.url("/feed")
            assert document.permanent_url == (server.url("/feed") if permanent else None)

    run(
        use,
        old=redirect("/feed", 301),
        found=redirect("/feed", 302),
        mixed=redirect("/old2", 308),
        old2=redirect("/feed", 302),
        feed=answer(FEED),
    )


def test_secrets_go_to_their_own_host_only() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        spec = FeedSpec(
            id="f",
            url=server.url("/feed"),
            name="F",
            headers={"X-Key": Secret("k3y")},
            cookies={"session": Secret("c00kie")},
            username="me",
            password=Secret("pa55"),
        )
        await fetcher.fetch(spec, FeedState(feed_id="f", url=spec.url))
        own, other = server.asked("/feed")[0], server.asked("/elsewhere")[0]
        assert own.headers["authorization"] == "Basic bWU6cGE1NQ==" and own.headers["x-key"] == "k3y"
        assert own.headers["cookie"] == "session=c00kie"
        assert not {"authorization", "x-key", "cookie"} & set(other.headers)

    async def there(request: object, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        await redirect(f"http://127.0.0.2:{port}/elsewhere")(request, writer)  # type: ignore[arg-type]

    run(use, feed=there, elsewhere=answer(FEED))


def test_errors_hold_no_secret() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        url = server.url("/feed?api_key=s3cr3t").replace("http://", "http://user:s3cr3t@")
        spec = FeedSpec(id="f", url=url, name="F", headers={"X": Secret("s3cr3t")})
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(spec, FeedState(feed_id="f", url=url))
        assert "s3cr3t" not in str(caught.value) and "HTTP 500" in str(caught.value)
        assert server.seen[0].headers["authorization"].startswith("Basic ")

    run(use, feed=answer(status="500 Oops"))


def test_nothing_private_without_leave() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::1]", "[::ffff:7f00:1]"):
            spec = FeedSpec(id="f", url=f"http://{host}:{server.port}/feed", name="F")
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(spec, FeedState(feed_id="f", url=spec.url))
            assert caught.value.kind == "refused-address", str(caught.value)
        assert server.seen == []

    run(use, allowed=(), feed=answer(FEED))


def test_throttling_tells_how_long() -> None:
    error = refused(answer(status="429 Slow", headers={"Retry-After": "120"}))
    assert error.host_throttled and error.retry_after == 120 and error.status == 429
    date = {"Retry-After": "Mon, 26 Feb 2024 09:00:00 GMT", "Date": "Mon, 26 Feb 2024 08:00:00 GMT"}
    assert refused(answer(status="503 Down", headers=date)).retry_after == 3600


def test_retry_after_and_max_age_of_all_forms() -> None:
    date = "Mon, 26 Feb 2024 07:59:00 GMT"
    assert retry_after({"Retry-After": " 7 "}, MONDAY) == 7
    assert retry_after({"Retry-After": date}, MONDAY) == 0
    assert retry_after({"Retry-After": "99999999999"}, MONDAY) == 31_536_000
    assert retry_after({"Retry-After": "Tue, 26 Feb 2030 08:00:00 GMT"}, MONDAY) == 31_536_000
    assert retry_after({"Retry-After": "soon"}, MONDAY) is None
    assert retry_after({}, MONDAY) is None
    assert max_age({"Cache-Control": "private, MAX-AGE=60"}, MONDAY) == 60
    assert max_age({"Cache-Control": "no-cache, max-age=60"}, MONDAY) is None
    assert max_age({"Cache-Control": "s-maxage=60"}, MONDAY) is None
    assert max_age({"Expires": "Mon, 26 Feb 2024 08:10:00 GMT"}, MONDAY) == 600
    assert max_age({"Expires": "0"}, MONDAY) is None
    assert max_age({"Expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, MONDAY) == 31_536_000
    assert max_age({"Cache-Control": "max-age=dayly"}, MONDAY) is None


def test_a_slow_request_gives_its_turn_back() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        spec = FeedSpec(id="f", url=server.url("/feed"), name="F")
        state = FeedState(feed_id="f", url=spec.url)
        with pytest.raises(FetchError):
            await fetcher.fetch(spec, state)
        assert isinstance(await fetcher.fetch(spec, state), Fetched)

    run(use, feed=one_after_another(silent, answer(FEED)))


def test_one_at_a_time_and_a_gap_on_every_hop() -> None:
    async def use(server: Server, fetcher: HttpFetcher) -> None:
        specs = [
            FeedSpec(id=str(n), url=server.url(f"/{name}"), name="F") for n, name in enumerate(("old", "feed", "old"))
        ]
        await asyncio.gather(*(fetcher.fetch(s, FeedState(feed_id=s.id, url=s.url)) for s in specs))
        times = [request.at for request in server.seen]
        assert len(times) == 5
        assert min(b - a for a, b in pairwise(times)) >= 0.1
        assert server.most == {"127.0.0.1": 1}

    run(use, CollectSettings(host_gap=0.1), old=redirect("/feed", 301), feed=answer(FEED))


def test_a_redirect_does_not_ask_a_host_that_wants_to_be_left_alone() -> None:
    async def main() -> None:
        clock, guard = SystemClock(), Guard([LOOPBACK])
        gates = HostGates(0.0, clock)
        async with (
            serving(feed=answer(FEED)) as server,
            guarded_session(guard, total=None, auto_decompress=False) as session,
        ):
            fetcher = HttpFetcher(session, guard, gates, QUICK, clock)
            server.routes["/old"] = redirect(server.url("/feed", "127.0.0.2"))
            spec = FeedSpec(id="f", url=server.url("/old"), name="F")
            state = FeedState(feed_id="f", url=spec.url)
            gates.pause(f"127.0.0.2:{server.port}", 600.0)
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(spec, state)
            error = caught.value
            assert error.host_throttled and error.kind == "throttled" and 599 < (error.retry_after or 0) <= 600
            assert error.host == f"127.0.0.2:{server.port}" and server.asked("/feed") == []
            # what a person asks for by name is asked at its own host whatever that said
            gates.pause(f"127.0.0.1:{server.port}", 600.0)
            gates.pause(f"127.0.0.2:{server.port}", 0.0)
            assert isinstance(await fetcher.fetch(spec, state), Fetched)

    asyncio.run(main())
