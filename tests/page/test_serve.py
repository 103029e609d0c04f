"""`fet serve` as a process: what it lets in and out, what it leaves, and how it ends."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from demo_films import film
from served_page import Served, serve, until, workers

from fet_core.errors import UserError
from pipeline import serve as serve_module
from pipeline.page import server

RAFD = Path("data/demo/rafd")
SOURCE = RAFD / "Rafd090_27_Caucasian_female_surprised_frontal.jpg"
TARGET = RAFD / "Rafd090_14_Caucasian_female_neutral_frontal.jpg"

Client = Any


@pytest.fixture
def visitor(served: Served, tmp_path: Path) -> Iterator[Callable[[], Client]]:
    """Makes people who use the page, each with a session of their own."""
    gradio_client = pytest.importorskip("gradio_client")
    made = []

    def visit() -> Client:
        made.append(gradio_client.Client(served.url, verbose=False, download_files=tmp_path))
        return made[-1]

    yield visit
    for one in made:
        one.close()


def given(path: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(path))


def transferred(client: Client, source: Any, target: Any) -> tuple[Any, ...]:
    # A field that is empty is null, and 0 once it was seen.
    return tuple(client.predict(source, target, 1, "auto", None, 0, api_name="/transferred"))


def asked(served: Served, path: str, **headers: str) -> http.client.HTTPResponse:
    address = urlsplit(served.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_a_transfer_and_an_edit_by_the_page_and_no_look_outside(
    served: Served, visitor: Callable[[], Client]
) -> None:
    client = visitor()
    words, pictures, file, numbers = transferred(client, given(SOURCE), given(TARGET))
    assert re.search(r"Made in [\d.]+ s, 340 × 512 pixels\.", words)
    assert [Path(picture).suffix for picture in pictures] == [".jpg", ".jpg"]
    assert "-made" in str(file)
    assert all(name in numbers for name in ("source", "target", "result", "yaw", "jawOpen"))
    read = client.predict(given(TARGET), None, api_name="/read")
    sliders = read[:-4]
    assert all(0 <= value <= 1 for value in sliders)
    words, *_ = client.predict(given(TARGET), None, "happy", 1, *sliders, api_name="/edited")
    assert "Made in" in words
    assert "OUTSIDE" not in "".join(served.lines)


def test_a_mistake_is_a_sentence_on_the_page(
    served: Served, visitor: Callable[[], Client], tmp_path: Path
) -> None:
    client = visitor()
    broken = tmp_path / "a<b>.jpg"
    broken.write_bytes(SOURCE.read_bytes()[:9000])
    words, picture, _, numbers = transferred(client, given(broken), given(TARGET))
    assert re.fullmatch(
        r'<p class="said mistake" role="alert">The picture ab?\S*\.jpg cannot be .*\.</p>', words
    )
    assert (picture, numbers) == (None, "")
    assert "There is no source yet" in transferred(client, None, given(TARGET))[0]
    assert "Traceback" not in "".join(served.lines)


def animating(client: Client, driving: Path, photo: Path = TARGET) -> Any:
    """The job of a film, by a queue's order."""
    options = (1, True, False, "auto", 0, None, True)
    return client.submit(given(driving), given(photo), *options, api_name="/animated")


def test_a_film_by_the_page(
    served: Served, visitor: Callable[[], Client], repository: Path, tmp_path: Path
) -> None:
    client = visitor()
    words, path, file = animating(client, film(tmp_path / "a.mp4", repository)).result()
    assert re.search(r"Made in [\d.]+ s: 4 pictures of 680 × 512 pixels\. At rest: the", words)
    assert Path(path).name == f"{TARGET.stem}-made.mp4"
    assert "-made.mp4" in str(file)
    (tmp_path / "picture.mp4").write_bytes(TARGET.read_bytes())
    words, path, _ = animating(client, tmp_path / "picture.mp4").result()
    assert "Picture.mp4 is a single picture; take it to the tab Transfer" in words
    assert path is None
    assert not {"OUTSIDE", "Traceback"} & set(" ".join(served.lines).split())


def test_a_film_is_stopped(
    served: Served, visitor: Callable[[], Client], repository: Path, tmp_path: Path
) -> None:
    client, other = visitor(), visitor()
    animating(client, film(tmp_path / "long.mp4", repository, 40, 25))
    until(lambda: workers(served))
    other.predict(api_name="/stopped")
    assert workers(served)
    assert "Stopped." in client.predict(api_name="/stopped")[0]
    until(lambda: not workers(served))


def test_two_people_do_not_mix(visitor: Callable[[], Client]) -> None:
    one, other = visitor(), visitor()
    happy = RAFD / "Rafd090_05_Caucasian_male_happy_frontal.jpg"
    first = one.predict(given(happy), None, api_name="/read")[:-4]
    second = other.predict(given(TARGET), None, api_name="/read")[:-4]
    assert first != second
    # Sliders that stand where the own face put them have not been moved; another's have.
    still = one.predict(given(happy), None, "", 1, *first, api_name="/edited")[0]
    changed = other.predict(given(TARGET), None, "", 1, *first, api_name="/edited")[0]
    assert "Choose an expression or move a slider" in still
    assert "Made in" in changed


def queued(served: Served, client: Client, path: str) -> str:
    """What the queue says to a request that names a file as its source."""
    number = next(
        one["id"] for one in client.config["dependencies"] if one["api_name"] == "transferred"
    )
    source = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = {
        "data": [source, source, 1, "auto", None, None],
        "fn_index": number,
        "session_hash": "someone",
    }
    request = urllib.request.Request(
        f"{served.url}/gradio_api/queue/join",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).read()
    url = f"{served.url}/gradio_api/queue/data?session_hash=someone"
    return str(urllib.request.urlopen(url).read().decode())


def test_no_address_is_fetched_and_no_other_file_is_read(
    served: Served, visitor: Callable[[], Client]
) -> None:
    client = visitor()
    elsewhere = ["/etc/hostname", str(Path(__file__).resolve()), str(TARGET.resolve())]
    for path in ("https://example.org/a.png", *elsewhere, f"{served.folder}/../a.png"):
        assert '"success":false' in queued(served, client, path)
    assert "the page takes uploads alone" in queued(served, client, "https://example.org/a.png")
    for path in elsewhere:
        assert asked(served, f"/gradio_api/file={path}").status == 403
    assert "OUTSIDE" not in "".join(served.lines)


def test_a_large_upload_is_refused(served: Served) -> None:
    boundary = "x" * 20
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="b.mp4"\r\n\r\n'
    body = head.encode() + bytes(201 << 20) + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(f"{served.url}/gradio_api/upload", body, kind)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 413
    assert not [path for path in served.folder.rglob("*") if path.name == "b.mp4"]


def test_the_browser_is_told_to_ask_nobody_else_and_others_names_are_refused(
    served: Served,
) -> None:
    answer = asked(served, "/")
    assert answer.status == 200
    assert "default-src 'self'" in (answer.getheader("content-security-policy") or "")
    assert asked(served, "/", Host="evil.example").status == 400
    assert asked(served, "/", Host="localhost").status == 200


def test_the_folder_is_private(served: Served) -> None:
    assert stat.S_IMODE(served.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_it_ends_quietly_and_leaves_nothing(
    number: int,
    code: int,
    repository: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = serve(tmp_path, cwd=repository)
    working = []
    if number == signal.SIGINT:
        # While a film is made, too.
        client = pytest.importorskip("gradio_client").Client(page.url, verbose=False)
        animating(client, film(tmp_path_factory.mktemp("film") / "long.mp4", repository, 40, 25))
        until(lambda: workers(page))
        working = workers(page)
    with socket.create_connection((urlsplit(page.url).hostname, urlsplit(page.url).port)) as open_:
        # As a browser's page has one open all the time.
        open_.sendall(b"GET /gradio_api/heartbeat/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert open_.recv(20)
        assert page.stop(number) == code
    assert not any(Path(f"/proc/{one}").exists() for one in working)
    assert not any(tmp_path.iterdir())
    assert "Traceback" not in "".join(page.lines)
    assert page.lines[-1].startswith(f"fet: stopped by {signal.Signals(number).name}")


def test_without_the_demo_faces_there_is_a_page_too_and_a_browser_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, temporary, browser = tmp_path / "elsewhere", tmp_path / "tmp", tmp_path / "browser"
    for folder in (elsewhere, temporary):
        folder.mkdir()
    browser.write_text(
        f"#!/bin/sh\necho $1 > {tmp_path}/opened.part\n"
        f"mv {tmp_path}/opened.part {tmp_path}/opened\nexec sleep 20\n"
    )
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    page = serve(temporary, "--open", cwd=elsewhere)
    assert asked(page, "/").status == 200
    assert not [path for path in page.folder.rglob("*") if path.is_file()]
    deadline = time.monotonic() + 60
    while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (tmp_path / "opened").read_text().strip() == page.url
    assert page.stop() == 130
    assert not any(elsewhere.iterdir())


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = rf"at 127\.0\.0\.1, port {port} \(Address already in use\); choose another port"
        with pytest.raises(UserError, match=told), server.listening("127.0.0.1", port):
            pass


def test_an_address_that_is_not_here_is_a_sentence() -> None:
    with pytest.raises(UserError, match="choose another port"), server.listening("192.0.2.1", 0):
        pass


def test_without_gradio_the_command_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"run `make env-page`.*`pip install 'fet\[page\]'`"):
        serve_module.serve()
