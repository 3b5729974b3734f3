"""The ASGI and WSGI examples with a real authority: several workers, one set of budgets, one ledger."""

import re
import threading

import altcha
import pytest
import requests
from tests.gate.embedded_support import House


@pytest.fixture(name="house", params=["wsgi", "asgi"])
def _house(request, tmp_path, root):
    house = House(tmp_path, root, request.param, sites=2)
    yield house
    house.close()


def test_workers_share_budgets_proofs_and_ledger(house):
    """Two processes of a site: together no more than the budget, each proof once, every person a row."""
    text = house.config.read_text().replace(
        "address = { hour = 100000 }", "address = { hour = 12 }"
    )
    house.config.write_text(text)
    house.control.reload()
    shown, lock = set(), threading.Lock()

    def walk(url, first):
        for number in range(first, first + 12):
            answer = requests.get(f"{url}/u/p{number}", timeout=10)
            with lock:
                shown.update(re.findall("<title>(p[0-9]+)<", answer.text) if answer.ok else ())

    threads = [
        threading.Thread(target=walk, args=(url, at * 100)) for at, url in enumerate(house.urls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown) == 12
    first, second = house.urls
    puzzle = altcha.Challenge.from_dict(
        requests.get(f"{first}/.himaya/challenge", timeout=5).json()
    )
    form = {"altcha": altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()}
    codes = [requests.post(f"{url}/.himaya/clear", form, timeout=5, allow_redirects=False).status_code
             for url in (first, second)]  # fmt: skip
    assert codes == [303, 429]
    assert set(house.rows("address:127.0.0.1")) == shown


def test_listings_are_counted_person_by_person(house):
    """A page that says whom it shows and JSON that is read: the ledger has exactly them."""
    page = requests.get(f"{house.url}/search?n=4", timeout=5).text
    assert set(house.rows("address:127.0.0.1")) == set(re.findall("<p>(p[0-9]+)", page))
    answer = requests.get(f"{house.url}/api/people?n=9", timeout=5).json()
    assert set(house.rows("address:127.0.0.1")) == {row["id"] for row in answer["results"]}
