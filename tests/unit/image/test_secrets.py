"""Where an image's secrets are said to be, and that they are never said."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.image import sweep as sweep_module
from stagelab.image import xray
from stagelab.image.gobinaries import go_binaries
from stagelab.image.layer import scan
from stagelab.image.secret_allowed import allowed
from stagelab.image.secret_mask import Mask
from stagelab.image.secret_text import MOST_LETTERS, in_instruction, in_setting, is_telling, masked
from stagelab.image.secrets import concealed
from stagelab.image.secrets import secrets as find
from stagelab.image.stack import stack
from stagelab.image.stream import ByteStream
from stagelab.image.sweep import Sweep

from .archives import config, docker_archive, file, folder, hardlink, opaque, tar, whiteout
from .stacks import stacked
from .test_gobuild import build_info, program
from .tokens import TOKENS, letters, pem

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Sequence
    from pathlib import Path

    from stagelab.image.layer import LayerFacts
    from stagelab.image.secrets import Secret, Secrets

    Members = Sequence[tuple[tarfile.TarInfo, bytes]]

GITHUB = "ghp_" + letters(36)
KEY = pem("RSA ").encode()
WORDS = letters(18)
"""A password without a shape."""


def secrets(
    *layers: Members, history: Sequence[str] = (), settings: dict[str, Any] | None = None
) -> Secrets:
    """Find the secrets in layers that come, each by a COPY, after instructions without layers."""
    made = [tar(members) for members in layers]
    records: list[dict[str, Any]] = [{"created_by": text, "empty_layer": True} for text in history]
    records += [{"created_by": f"COPY {number}"} for number in range(len(made))]
    return find(stack(json.loads(config(made, records, settings)), dict(map(read, made))))


def read(layer: bytes) -> tuple[str, LayerFacts]:
    with ThreadPoolExecutor(1) as executor:
        sweep = Sweep(executor)
        facts = scan(ByteStream(sweep.pieces(ByteStream([layer]), 4096)), sweep.finish)
    return facts.diff_id, facts


def only(found: Secrets) -> Secret:
    assert len(found) == 1, [(secret.rule, secret.where, secret.path) for secret in found]
    return next(iter(found))


def test_an_image_without_secrets_has_none() -> None:
    found = secrets([file("app", b"text")], settings={"Env": ["PATH=/bin"]})
    assert not found.found
    assert not found.allowed
    assert len(found) == 0


def test_a_secret_in_a_file_is_told_with_its_place() -> None:
    data = b"first line\ntoken = " + GITHUB.encode() + b"\n"
    secret = only(secrets([file("a", b"a")], [file("etc/app.ini", data)]))
    assert (secret.rule, secret.where, secret.path) == ("github-token", "layer", "/etc/app.ini")
    assert (secret.layer, secret.instruction) == (1, "COPY 1")
    assert data[secret.offset :].startswith(GITHUB.encode())
    assert (secret.more, secret.visible, secret.hidden_by, secret.allowed) == (0, True, None, "")
    assert secret.title
    assert secret.why
    assert secret.remedy


def test_a_file_with_many_is_told_once_by_rule() -> None:
    text = "\n".join("ghp_" + letters(36, seed=seed) for seed in range(5))
    found = secrets([file("a", text.encode() + b"\n" + KEY)])
    told = {secret.rule: (secret.offset, secret.more) for secret in found}
    assert told == {"github-token": (0, 4), "private-key": (len(text) + 16, 0)}


@pytest.mark.parametrize(
    ("upper", "how"),
    [
        ([whiteout("opt/key.pem")], "deleted"),
        ([whiteout("opt")], "deleted with its folder"),
        ([opaque("opt")], "hidden with all of the folder"),
        ([file("opt/key.pem", b"nothing")], "replaced"),
        ([file("opt", b"a file in place of the folder")], "covered"),
    ],
)
def test_a_file_that_a_later_layer_hides_is_in_its_layer(upper: Members, how: str) -> None:
    lower = [folder("opt"), file("opt/key.pem", KEY)]
    secret = only(secrets(lower, [file("between", b"-")], upper, [file("z", b"-")]))
    assert (secret.visible, secret.layer, secret.hidden_by) == (False, 0, 2), how
    assert secret.path == "/opt/key.pem"


def test_what_is_written_again_is_in_both_layers() -> None:
    found = secrets([file("key.pem", KEY)], [file("key.pem", KEY)])
    assert [(one.layer, one.visible, one.hidden_by) for one in found] == [
        (0, False, 1),
        (1, True, None),
    ]


def test_a_file_with_two_names_is_one_secret_seen_while_one_is_left() -> None:
    lower = [file("a.pem", KEY), hardlink("b.pem", "a.pem")]
    assert only(secrets(lower)).path == "/a.pem"
    secret = only(secrets(lower, [whiteout("a.pem")]))
    assert (secret.path, secret.visible) == ("/b.pem", True)
    secret = only(secrets(lower, [whiteout("a.pem")], [whiteout("b.pem")]))
    assert (secret.visible, secret.hidden_by) == (False, 2)


@st.composite
def stacks(draw: st.DrawFn) -> list[Members]:
    """Layers of keys, other files, folders, whiteouts and opaque whiteouts at a few paths."""
    makers = {
        "key": lambda path: file(path, KEY),
        "file": lambda path: file(path, b"-"),
        "folder": folder,
        "whiteout": whiteout,
        "opaque": opaque,
        "link": lambda path: hardlink(path, "k"),
    }
    layers: list[Members] = []
    for _ in range(draw(st.integers(1, 4))):
        plan: dict[str, str] = {"k": "key"} if draw(st.booleans()) else {}
        kinds = st.sampled_from(list(makers) if plan else list(makers)[:-1])
        for path in draw(st.lists(st.sampled_from(["a", "a/b", "a/b/c", "d"]), unique=True)):
            plan[path] = draw(kinds)
        files = {path for path, kind in plan.items() if kind in {"key", "file", "link"}}
        layers.append(
            [
                makers[kind](path)
                for path, kind in sorted(plan.items(), key=lambda item: item[0] != "k")
                if not any(path.startswith(above + "/") for above in files)
            ]
        )
    return layers


@given(stacks())
def test_it_is_hidden_by_the_first_layer_without_which_it_would_be_seen(
    layers: list[Members],
) -> None:
    def seen(count: int) -> set[tuple[int, str]]:
        """Give the keys that a container sees with the lowest layers alone, by their first name."""
        facts = [read(tar(members)) for members in layers[:count]]
        made = stack(json.loads(config([tar(members) for members in layers[:count]])), dict(facts))
        entries = made.merged.entries
        return {
            (number, next(other.path for other in facts[number][1].entries if other.inode == inode))
            for path, number in made.merged.wrote.items()
            for inode in [entries[path].inode]
            if entries[path].size == len(KEY)
        }

    for secret in secrets(*layers):
        assert secret.layer is not None
        if secret.visible:
            assert secret.hidden_by is None
            continue
        assert secret.hidden_by is not None
        assert secret.hidden_by > secret.layer
        key = (secret.layer, secret.path)
        assert key in seen(secret.hidden_by)
        assert key not in seen(secret.hidden_by + 1)
    visible = sum(secret.visible for secret in secrets(*layers))
    assert visible == len(seen(len(layers)))


def test_a_credential_file_is_told_by_its_name_if_it_holds_anything() -> None:
    empty = [file("root/.pgpass"), folder("root/.git-credentials")]
    lower = [file("root/.netrc", b"machine a"), *empty]
    secret = only(secrets(lower, [whiteout("root/.netrc")]))
    assert (secret.rule, secret.path, secret.offset) == ("netrc", "/root/.netrc", None)
    assert (secret.visible, secret.hidden_by) == (False, 1)


def test_a_file_told_by_its_contents_is_not_told_by_its_name_as_well() -> None:
    assert only(secrets([file("root/.ssh/id_rsa", KEY)])).rule == "private-key"


def test_names_in_the_tar_are_no_contents() -> None:
    assert not secrets([file(f"opt/{GITHUB}", b"-")]).found


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        (f"DEPLOY={GITHUB}", "github-token"),
        (f"DATABASE_URL=postgres://app:{WORDS}@db/app", "url-password"),
        (f"DB_PASSWORD={WORDS}", "telling-name"),
        (f"MYSQL_PWD={WORDS}", "telling-name"),
        (f"githubToken={WORDS}", "telling-name"),
        (f"MY_API_KEY_1={WORDS}", "telling-name"),
    ],
)
def test_a_secret_in_the_environment_is_told_with_its_instruction(item: str, rule: str) -> None:
    history = ["/bin/sh -c #(nop)  ENV OTHER=1", f"ENV {item}", "CMD x"]
    secret = only(secrets(history=history, settings={"Env": ["A=b", item]}))
    name = item.partition("=")[0]
    assert (secret.rule, secret.where, secret.path) == (rule, "env", name)
    assert secret.layer == 1
    assert secret.instruction.startswith(f"ENV {name}=")
    assert "***" in secret.instruction


def test_a_label_is_told_likewise() -> None:
    item = {"org.example.token": WORDS}
    history = [f"LABEL org.example.token={WORDS}"]
    secret = only(secrets(history=history, settings={"Labels": item}))
    assert (secret.where, secret.path, secret.layer) == ("label", "org.example.token", 0)
    assert secret.instruction == "LABEL org.example.token=***"


def test_a_variable_that_no_instruction_sets_has_no_layer() -> None:
    secret = only(secrets(settings={"Env": [f"API_TOKEN={WORDS}"]}))
    assert (secret.layer, secret.instruction) == (None, "")


def test_a_value_that_was_overwritten_is_still_in_the_history() -> None:
    history = [f"ENV API_TOKEN={WORDS}", "ENV API_TOKEN="]
    secret = only(secrets(history=history, settings={"Env": ["API_TOKEN="]}))
    assert (secret.where, secret.path, secret.layer) == ("history", "API_TOKEN", 0)


def test_an_argument_that_each_run_shows_is_told_once() -> None:
    history = [f"RUN |1 API_TOKEN={WORDS} /bin/sh -c make {step}" for step in range(3)]
    secret = only(secrets(history=["ARG API_TOKEN", *history]))
    assert (secret.path, secret.layer, secret.more) == ("API_TOKEN", 1, 2)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"RUN |2 API_TOKEN={WORDS} V=1 /bin/sh -c make # buildkit",
            "RUN |2 API_TOKEN=*** V=1 /bin",
        ),
        (f"|1 API_TOKEN={WORDS} /bin/sh -c make", "|1 API_TOKEN=*** /bin/sh -c make"),
        (f"|1 API_TOKEN={WORDS} two words /bin/bash -e -c make", "|1 API_TOKEN=*** /bin/bash -e"),
        (f"|2 API_TOKEN={WORDS} x=y V=1 /bin/sh -c make", "|2 API_TOKEN=*** /bin/sh -c make"),
        (f"ENV API_TOKEN={WORDS} and more", "ENV API_TOKEN=***"),
        (f"ENV A=1 API_TOKEN={WORDS} B=2", "ENV A=1 API_TOKEN=*** B=2"),
        (f"/bin/sh -c #(nop)  ARG API_TOKEN={WORDS}", "/bin/sh -c #(nop)  ARG API_TOKEN=***"),
        (f"RUN API_TOKEN={WORDS} make", "RUN API_TOKEN=*** make"),
        (f"RUN export API_TOKEN='{WORDS} b'; make", "RUN export API_TOKEN=***; make"),
        (f"RUN login --password={WORDS} -q", "RUN login --password=*** -q"),
        (f"RUN login --db-password {WORDS} -q", "RUN login --db-password *** -q"),
        (f'CMD ["login" "--token" "{WORDS}"]', 'CMD ["login" "--token" ***]'),
        (f'CMD ["login" "--token=two {WORDS}"]', 'CMD ["login" "--token=***"]'),
        (f"RUN fetch db://me:a@{WORDS}@db/app", "RUN fetch db://me:***@db/app"),
        (
            f"RUN curl -H 'Authorization: Bearer {WORDS}' x",
            "RUN curl -H 'Authorization: Bearer ***",
        ),
        (f"RUN curl -s -u me:{WORDS} https://a.example", "RUN curl -s -u me:*** https"),
        (f"RUN echo 'root:{WORDS}' | chpasswd", "RUN echo 'root:***' | chpasswd"),
        (f"RUN sshpass -p {WORDS} ssh a", "RUN sshpass -p *** ssh a"),
        (f"RUN git clone https://me:{WORDS}@git.example/a", "RUN git clone https://me:***@git.exa"),
        (f"RUN git clone https://{GITHUB}@github.com/a", "RUN git clone https://***@github.com/a"),
        (f"RUN echo '{KEY.decode()}' > k", "RUN echo '***-----END RSA"),
    ],
)
def test_a_secret_in_an_instruction_is_told_and_masked(text: str, shown: str) -> None:
    assert masked(text).startswith(shown)
    secret = only(secrets(history=[text]))
    assert (secret.where, secret.layer) == ("history", 0)
    assert WORDS not in repr(secret)


@pytest.mark.parametrize(
    "text",
    [
        "RUN |1 API_TOKEN= /bin/sh -c make",
        "RUN |1 VERSION=1.27 /bin/sh -c make",
        "RUN --mount=type=secret,id=api_token make",
        "RUN --mount=type=secret,id=token,target=/run/token TOKEN=$(cat /run/token) make",
        "RUN login --password-stdin < /run/secrets/password",
        "RUN login --password $PASSWORD",
        "RUN login --token=${TOKEN}",
        'RUN if [ "$TOKEN" = "" ]; then exit 1; fi',
        "ENV TOKEN_FILE=/run/secrets/token",
        "ENV PASSWORD_FILE=secret.txt",
        "ENV API_TOKEN=/run/secrets/token",
        "ENV TOKENIZERS_PARALLELISM=perhaps",
        "ENV TOKEN_TTL=36000000",
        "ENV GPG_KEY=" + letters(40, "0123456789ABCDEF"),
        "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes",
        "ENV API_TOKEN=changeme",
        "RUN curl -u 1000:1000 x",
        "RUN adduser --user 1000:1000",
        "RUN curl http://localhost:8080/@me",
        "EXPOSE 8080",
        "",
    ],
)
def test_an_instruction_without_a_secret_stays_as_it_is(text: str) -> None:
    assert not in_instruction(text)
    assert masked(text) == text


def test_an_x_ray_has_them_and_no_instruction_shows_another_one(tmp_path: Path) -> None:
    made = [tar([file("key.pem", KEY)])]
    text = f"RUN |1 API_TOKEN={WORDS} /bin/sh -c fetch {WORDS} # buildkit"
    archive = tmp_path / "image.tar"
    archive.write_bytes(docker_archive(made, config(made, [{"created_by": text}])))
    seen = xray(archive)
    assert not isinstance(seen, tuple)
    assert [secret.where for secret in seen.secrets] == ["history", "layer"]
    assert [secret.instruction for secret in seen.secrets] == ["RUN fetch ***"] * 2


def test_no_form_of_the_result_holds_a_value() -> None:
    shapes = [text for texts in TOKENS.values() for text in texts]
    values = [WORDS, GITHUB, *(max(text.split(), key=len)[-30:] for text in shapes)]
    settings = {
        "Env": [f"V{number}={text}" for number, text in enumerate(shapes)] + [f"A_TOKEN={WORDS}"],
        "Labels": {"password": WORDS, "note": f"use {GITHUB}"},
    }
    history = [f"ENV {item}" for item in settings["Env"]]
    history += [f"RUN |1 A_TOKEN={WORDS} /bin/sh -c echo {text}" for text in shapes]
    files = [file(f"f{number}", text.encode()) for number, text in enumerate(shapes)]
    found = secrets(files, history=history, settings=settings)
    assert len(found) > 2 * len(shapes)
    forms = [repr(found), str(found), json.dumps(dataclasses.asdict(found))]
    forms += [str(data) for data in found._repr_mimebundle_().values()]
    for value in values:
        for form in forms:
            assert value not in form


@given(
    st.text(max_size=300), st.sampled_from(["ENV A_TOKEN=", "RUN |1 A=", "--password ", "://a:"])
)
def test_any_text_is_read(text: str, before: str) -> None:
    for told in in_instruction(before + text):
        assert 0 <= told.start <= told.stop <= len(before + text)
    assert isinstance(masked(text + before + text, Mask([text])), str)
    in_setting(text, text)
    is_telling(text)


@pytest.mark.parametrize(
    "text",
    ["-" * 200_000, "curl " * 40_000, "://a:" * 40_000, "A= " * 60_000, "|1 " + " /a -b" * 30_000],
)
def test_long_instructions_take_no_longer_than_their_length_asks(text: str) -> None:
    assert masked(text) == text  # quadratic time would be minutes


GOROOT = "/usr/local/go/src"


@pytest.mark.parametrize(
    ("path", "proof"),
    [
        (f"{GOROOT}/crypto/tls/testdata/example-key.pem", f"{GOROOT}/runtime/proc.go"),
        (f"{GOROOT}/crypto/tls/example_test.go", f"{GOROOT}/runtime/proc.go"),
        ("/opt/copy/crypto/tls/testdata/key.pem", "/opt/copy/runtime/proc.go"),
        (f"{GOROOT}/crypto/x509/platform_root_key.pem", f"{GOROOT}/runtime/proc.go"),
        ("/usr/lib/python3.13/test/certdata/key.pem", "/usr/lib/python3.13/asyncio/base_events.py"),
    ],
)
def test_public_test_keys_are_allowed_in_their_own_tree_alone(path: str, proof: str) -> None:
    assert allowed(path, {path, proof})
    assert not allowed(path, {path})
    assert not allowed("/app" + path, {path, proof})


def test_a_key_of_ones_own_in_such_a_tree_is_not_allowed() -> None:
    paths = {f"{GOROOT}/runtime/proc.go", f"{GOROOT}/crypto/tls/own.key"}
    assert not allowed(f"{GOROOT}/crypto/tls/own.key", paths)
    assert not allowed(f"{GOROOT}/main.go", paths)


@pytest.mark.parametrize(
    ("path", "elsewhere"),
    [
        ("/root/go/pkg/mod/example.org/a@v1.2.3/ssh/testdata/id", "/src/a/ssh/testdata/id"),
        ("/go/pkg/mod/golang.org/x/crypto@v0.9.0/ssh/keys_test.go", "/src/ssh/keys_test.go"),
        ("/go/pkg/mod/example.org/a@v1.2.3/testdata/k.pem", "/go/pkg/mod/example.org/a/k.pem"),
        ("/usr/lib/python3/dist-packages/a/tests/k.pem", "/usr/lib/python3/dist-packages/a/k.pem"),
        ("/app/node_modules/a/test/k.pem", "/app/node_modules/a/k.pem"),
        ("/usr/lib/x86_64-linux-gnu/libgnutls.so.30.40.3", "/app/libgnutls.so.30"),
        ("/usr/lib/python3/dist-packages/a-1.dist-info/METADATA", "/app/a-1.dist-info/METADATA"),
        ("/usr/lib/python3/dist-packages/a/examples/k.rst", "/app/a/examples/k.rst"),
        ("/usr/lib/x86_64-linux-gnu/libgnutls.a", "/app/lib/x86_64-linux-gnu/libgnutls.a"),
        ("/usr/share/cmake-3.25/Templates/Windows/Windows_TemporaryKey.pfx", "/app/Temporary.pfx"),
        ("/usr/share/doc/a/examples/k.pem", "/srv/share/doc/a/k.pem"),
    ],
)
def test_published_tests_and_examples_are_allowed(path: str, elsewhere: str) -> None:
    assert allowed(path, {path})
    assert not allowed(elsewhere, {elsewhere})


def test_what_is_allowed_is_listed_with_its_reason() -> None:
    lower = [
        file("usr/local/go/src/runtime/proc.go", b"package runtime"),
        file("usr/local/go/src/crypto/tls/testdata/example-key.pem", KEY),
        file("app/src/crypto/tls/testdata/example-key.pem", KEY),
    ]
    found = secrets(lower)
    assert only(found).path == "/app/src/crypto/tls/testdata/example-key.pem"
    (public,) = found.allowed
    assert public.path == f"{GOROOT}/crypto/tls/testdata/example-key.pem"
    assert "Go project" in public.allowed


HUNTER = "hunter2secret"


def conceal(history: Sequence[str] = (), **settings: object) -> str:
    """Give all that is left of a configuration and its history."""
    shown = concealed(
        stacked(history=[{"created_by": text, "empty_layer": True} for text in history], **settings)
    )
    return repr((shown.settings, shown.history))


@pytest.mark.parametrize(
    "settings",
    [
        {"Healthcheck": {"Test": ["CMD-SHELL", f"curl -u me:{HUNTER} http://x"], "Interval": 1}},
        {"Healthcheck": {"Test": ["CMD", "curl", "-u", f"me:{HUNTER}"]}},
        {"Cmd": ["app", "--password", HUNTER]},
        {"Cmd": ["app", "--password", f"two words {HUNTER}"]},
        {"Cmd": ["app", f"--password=two words {HUNTER}"]},
        {"Entrypoint": ["app", "--token"], "Cmd": [HUNTER]},
        {"Shell": ["/bin/sh", f"--token={HUNTER}"]},
        {"OnBuild": [f"RUN login --password {HUNTER}"]},
        {"User": HUNTER, "Env": [f"A_PASSWORD={HUNTER}"]},
        {"WorkingDir": f"/srv/{HUNTER}", "Env": [f"A_PASSWORD={HUNTER}"]},
        {"Volumes": {f"/srv/{HUNTER}": {}}, "Env": [f"A_PASSWORD={HUNTER}"]},
        {"ExposedPorts": {HUNTER: {}}, "Env": [f"A_PASSWORD={HUNTER}"]},
        {"Env": [f"A_PASSWORD={HUNTER}", f"{HUNTER}=1"], "Labels": {HUNTER: HUNTER}},
        {"Env": [f"DB=postgres://app:a@b@{HUNTER}@db/x"]},
    ],
)
def test_no_part_of_the_configuration_shows_a_secret(settings: dict[str, Any]) -> None:
    assert HUNTER not in conceal(**settings)


def test_a_command_in_exec_form_is_masked_by_what_the_history_tells() -> None:
    shown = conceal([f'CMD ["app" "--password" "{HUNTER}"]'], Cmd=["app", "-p", HUNTER])
    assert HUNTER not in shown
    assert "'app', '-p', '***'" in shown


def test_a_password_that_is_a_name_too_leaves_names_and_paths_as_they_are() -> None:
    shown = concealed(
        stacked(
            Env=["POSTGRES_PASSWORD=postgres", "PATH=/usr/lib/postgres/bin"],
            Entrypoint=["postgres"],
            Cmd=["-c", "postgres"],
            User="postgres",
        )
    )
    assert shown.env == {"POSTGRES_PASSWORD": "***", "PATH": "/usr/lib/postgres/bin"}
    assert (shown.settings["User"], shown.settings["Entrypoint"]) == ("postgres", ["postgres"])
    assert shown.settings["Cmd"] == ["-c", "***"]


def test_of_a_value_that_begins_like_a_long_one_all_that_is_alike_is_masked() -> None:
    long = "ä" + letters(400) + "ö"
    assert Mask([long]).over(f"a {long} b") == "a *** b"
    assert Mask([long]).over(f"a {long[:300]}é b") == "a ***é b"
    assert Mask(["ö" * 200]).over("ö" * 150) == "***"
    assert Mask([HUNTER]).over(f"\ud800{HUNTER}") == "\ud800***"


def test_many_secrets_take_no_longer_than_their_number_asks() -> None:
    items = [f"P{number}_PASSWORD=hunter{number}secret" for number in range(20_000)]
    history = [f"ENV {item}" for item in items]
    found = secrets(history=history, settings={"Env": items})  # quadratic time would be minutes
    assert (len(found), found.unsearched) == (20_000, ())
    assert [secret.layer for secret in found] == list(range(20_000))


def test_what_is_too_long_to_be_searched_is_neither_shown_nor_passed_over_in_silence() -> None:
    long = "x " * MOST_LETTERS + HUNTER
    env, labels = [f"LONG={long}", f"A_TOKEN={long}"], {"note": long}
    history = [f"RUN {long}", "RUN short", *[f"RUN {long}"] * 9]
    found = secrets(history=history, settings={"Env": env, "Labels": labels, "Cmd": ["a", long]})
    assert found.unsearched[:4] == (
        "variable LONG",
        "variable A_TOKEN",
        "label note",
        "the command",
    )
    assert found.unsearched[4] == "instruction 0"
    assert found.unsearched[-1].startswith("the last ")
    for form in (str(found), str(found._repr_mimebundle_()["text/html"])):
        assert "Not searched to the end" in form
    assert HUNTER not in conceal(history, Env=env, Labels=labels, Cmd=["a", long])
    many = secrets(settings={"Labels": {f"{n}.token": letters(250, seed=n) for n in range(5000)}})
    assert "too many secrets" in many.unsearched[-1]


def test_many_look_alikes_in_one_file_hide_nothing_in_another() -> None:
    manual = file("usr/share/doc/x", (GITHUB + "\n").encode() * 10_001)
    found = secrets([manual, file("app/key", GITHUB.encode())])
    assert only(found).path == "/app/key"
    assert [(secret.path, secret.more) for secret in found.allowed] == [
        ("/usr/share/doc/x", 10_000)
    ]


def test_a_search_that_had_to_stop_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "_MOST_ASKED", 3)
    manual = file("usr/share/doc/x", (GITHUB + "\n").encode() * 4)
    found = secrets([file("a", GITHUB.encode())], [manual], history=["ENV A=1"])
    assert found.unsearched == ("layer 2",)
    assert "layer 2" in str(found)
    assert only(found).path == "/a"


def test_a_file_with_holes_is_searched_as_it_is_stored() -> None:
    info, _ = file("k")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "k",
        "GNU.sparse.realsize": "100000",
    }
    data = f"1\n0\n{len(GITHUB)}\n".encode().ljust(512, b"\0") + GITHUB.encode()
    info.size = len(data)
    secret = only(secrets([(info, data), file("z", b"-")]))
    assert (secret.rule, secret.path, secret.offset) == ("github-token", "/k", None)


@pytest.mark.parametrize("part", ["/pkg/mod", "/a@v", "/node_modules/a", "/site-packages"])
def test_a_long_path_takes_no_time_to_be_allowed(part: str) -> None:
    for size in (1000, 1 << 20):
        assert not allowed((part * size)[:size], set())  # cubic time would be hours


@pytest.mark.parametrize(
    "flags",
    [
        f"-X main.apiToken={HUNTER} -X main.k={GITHUB}",
        f"-X 'main.apiToken=two {HUNTER}' -X main.k={GITHUB}",
        f'-s -w -X "main.apiToken=two {HUNTER}"',
    ],
)
def test_what_a_go_program_says_of_its_build_shows_no_secret(flags: str) -> None:
    said = f"path\tx.com/app\nbuild\t-ldflags={json.dumps(flags)}\nbuild\tCGO_LDFLAGS=-l{GITHUB}\n"
    made = stacked([file("app", program(data=build_info(modules=said)), 0o755)])
    (binary,) = go_binaries(made)
    assert HUNTER not in repr(dict(binary.settings))
    assert GITHUB not in repr(dict(binary.settings))
    assert "main.apiToken=***" in binary.settings["-ldflags"]


def test_a_secret_that_a_command_alone_has_is_told() -> None:
    command = ["app", "--password", HUNTER]
    secret = only(secrets(settings={"Cmd": command}))
    assert (secret.rule, secret.where, secret.path) == ("password-option", "command", "--password")
    assert (secret.layer, secret.instruction) == (None, "")
    assert "command --password" in str(secret)
    history = [f'CMD ["app" "--password" "{HUNTER}"]']
    assert only(secrets(settings={"Cmd": command}, history=history)).where == "history"
    variable = {"Cmd": command, "Env": [f"A_TOKEN={HUNTER}"]}
    assert only(secrets(settings=variable)).where == "env"
    assert only(secrets(settings={"Healthcheck": {"Test": ["CMD", GITHUB]}})).where == "command"
