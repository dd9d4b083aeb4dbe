"""The key of a judge: found where its owner put it, and never seen by anyone but the request that needs it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from workbench.answers.judge import Key, key_for
from workbench.answers.judge.keys import KEYRING_SERVICE
from workbench.errors import InputError
from workbench.records import JudgeSettings

SECRET = "sk-recognisable-0123456789"
OURS = JudgeSettings(model="m", url="https://gateway.example:8443/v1")


class InMemory(KeyringBackend):
    """A keyring for tests; whatever it is told to raise, it raises."""

    priority = -1  # never chosen of itself

    def __init__(self, kept=(), raises=None):
        super().__init__()
        self.kept, self.raises, self.asked = dict(kept), raises, []

    def get_password(self, service, username):
        self.asked.append((service, username))
        if self.raises is not None:
            raise self.raises
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        raise AssertionError("nothing of the workbench writes into a keyring")


@pytest.fixture
def using():
    """Puts a keyring in place of the machine's own."""
    before = keyring.get_keyring()

    def put(backend):
        keyring.set_keyring(backend)
        return backend

    yield put
    keyring.set_keyring(before)


def test_the_keyring_is_asked_for_the_host_and_its_port_alone(using):
    kept = using(
        InMemory({(KEYRING_SERVICE, "gateway.example:8443"): SECRET, (KEYRING_SERVICE, "other.example"): "other"})
    )
    found = key_for(OURS, {})
    assert (found.reveal(), found.origin) == (SECRET, "the keyring, for gateway.example:8443")
    assert key_for(JudgeSettings(model="m", url="https://gateway.example/v1"), {}) is None
    assert key_for(JudgeSettings(model="m", url="https://gateway.example.evil.example:8443/v1"), {}) is None
    assert {service for service, _ in kept.asked} == {KEYRING_SERVICE}


def test_the_host_is_found_however_it_is_written(using):
    using(InMemory({(KEYRING_SERVICE, "api.openai.com"): SECRET}))
    for url in ("", "https://API.OpenAI.com/v1/", "https://api.openai.com./v1/chat/completions"):
        assert key_for(JudgeSettings(model="m", url=url), {}).reveal() == SECRET


def test_the_environment_comes_before_the_keyring(using):
    using(InMemory({(KEYRING_SERVICE, "gateway.example:8443"): "kept"}))
    named = {"WORKBENCH_JUDGE_URL": OURS.url, "WORKBENCH_JUDGE_KEY": f" {SECRET}\n"}
    assert key_for(OURS, named).reveal() == SECRET
    assert key_for(OURS, {**named, "WORKBENCH_JUDGE_KEY": "  "}).reveal() == "kept"
    assert key_for(OURS, {"WORKBENCH_JUDGE_KEY": SECRET}).reveal() == "kept"


@pytest.mark.parametrize(
    "backend",
    [
        null.Keyring(),
        fail.Keyring(),
        InMemory(),
        InMemory({(KEYRING_SERVICE, "gateway.example:8443"): ""}),
        InMemory(raises=KeyringLocked("locked")),
        InMemory(raises=OSError("no bus")),
        InMemory(raises=ValueError("a backend of others raises what it likes")),
        InMemory(raises=ImportError("no such backend")),
    ],
    ids=lambda backend: f"{type(backend).__module__} {getattr(backend, 'raises', '')!r}",
)
def test_a_machine_whose_keyring_is_missing_empty_or_broken_has_no_key(using, backend):
    using(backend)
    assert key_for(OURS, {}) is None


@pytest.mark.parametrize(
    "secret",
    ["sk abc", "sk-abc\r\nX-Evil: 1", "sk-\x00abc", "sk-\x7f", "clé", "sk-\u200babc", "“sk-abc”", "k" * 10_001],
)
def test_what_cannot_be_a_key_is_refused_without_being_repeated(using, secret):
    using(InMemory({(KEYRING_SERVICE, "gateway.example:8443"): secret}))
    looked_up = {
        "the keyring, for gateway.example:8443": lambda: key_for(OURS, {}),
        "WORKBENCH_JUDGE_KEY": lambda: key_for(JudgeSettings(model="m"), {"WORKBENCH_JUDGE_KEY": secret}),
        "OPENAI_API_KEY": lambda: key_for(JudgeSettings(model="m"), {"OPENAI_API_KEY": secret}),
    }
    for origin, look in looked_up.items():
        with pytest.raises(InputError) as caught:
            look()
        said = str(caught.value)
        assert said.startswith(origin)
        assert len(said) < 200
        assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_is_no_key(using, blank):
    using(InMemory())
    assert key_for(JudgeSettings(model="m"), {"WORKBENCH_JUDGE_KEY": blank, "OPENAI_API_KEY": blank}) is None
    with pytest.raises(InputError):
        Key(blank, "a test")


@dataclass(frozen=True)
class Holder:
    key: Key


def test_a_key_never_shows_itself(caplog):
    caplog.set_level(logging.DEBUG)
    key = Key(SECRET, "a test")
    logging.getLogger("workbench").info("%s %r %s", key, key, [key])
    shown = [repr(key), str(key), f"{key}", f"{key!s:>40}", f"{key}", f"{Holder(key)} {[key]} { ({'key': key}) }"]
    assert "<key from a test>" in shown[0]
    assert SECRET not in "".join(shown) + caplog.text
    assert not hasattr(key, "__dict__")
    with pytest.raises(AttributeError):
        key.other = 1


def test_a_key_never_shows_itself_in_a_traceback(caplog):
    key = Key(SECRET, "a test")

    def fails(held):
        within = {"key": held}
        raise RuntimeError(f"with {held} and {within}")

    try:
        fails(key)
    except RuntimeError as error:
        logging.getLogger("workbench").exception("failed")
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "<key from a test>" in shown
    assert SECRET not in shown + caplog.text


@pytest.mark.parametrize(
    "passed_on",
    [
        *(
            lambda key, protocol=protocol: pickle.dumps(key, protocol)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        copy.copy,
        copy.deepcopy,
        json.dumps,
        vars,
        lambda key: asdict(Holder(key)),
        lambda key: pickle.dumps(Holder(key)),
    ],
)
def test_a_key_is_not_passed_on(passed_on):
    with pytest.raises(TypeError) as caught:
        passed_on(Key(SECRET, "a test"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("meant", "asked", "goes"),
    [
        ("https://gpu.lan:8443/v1", "https://gpu.lan:8443/v1", True),
        ("http://gpu.lan:8443/v1", "http://gpu.lan:8443/v1", True),
        ("http://gpu.lan:8443/v1", "https://gpu.lan:8443/v1", True),
        ("https://gpu.lan:8443/v1", "http://gpu.lan:8443/v1", False),
        ("HTTPS://gpu.lan:8443/v1", "http://gpu.lan:8443/v1", False),
    ],
)
def test_a_key_meant_for_an_encrypted_address_does_not_go_to_a_plain_one(using, meant, asked, goes):
    using(InMemory())
    environment = {"WORKBENCH_JUDGE_KEY": SECRET, "WORKBENCH_JUDGE_URL": meant}
    assert (key_for(JudgeSettings(model="m", url=asked), environment) is not None) is goes
