"""What is a secret by its shape, and what only looks like one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.image import secret_rules
from stagelab.image.secret_files import file_rule
from stagelab.image.secret_reasons import RULES
from stagelab.image.secret_rules import AFTER, BEFORE, NEEDLES
from stagelab.image.secret_value import is_set
from stagelab.image.stream import ByteStream
from stagelab.image.sweep import Sweep, _Searched

from .tokens import BASE32, HEX, TOKENS, URL64, WORD, armoured, jwt, letters, pem, putty

CASES = [(rule, text) for rule, texts in TOKENS.items() for text in texts]


def searched(*pieces: bytes) -> list[tuple[int, str]]:
    search = _Searched()
    for piece in pieces:
        search.take(piece)
    search.finish()
    return [*search.hits()]


def rules(text: str) -> set[str]:
    return {rule for _, rule in searched(text.encode())}


def test_the_needles_suit_the_search() -> None:
    assert len(set(NEEDLES)) == len(NEEDLES) <= 60
    assert all(4 <= len(needle) <= BEFORE for needle in NEEDLES)
    assert AFTER <= 4096
    for needle, later in pairwise(sorted(NEEDLES)):
        assert not later.startswith(needle), "the shorter one would hide the longer"


def test_each_rule_that_a_shape_names_is_explained() -> None:
    named = {shape.rule for shape in secret_rules._SHAPES}
    assert named | {"private-key", "pgp-private-key", "google-service-account"} <= set(RULES)
    assert all(all(rule) and name == rule.name for name, rule in RULES.items())


@pytest.mark.parametrize(("rule", "text"), CASES)
@pytest.mark.parametrize("around", ["{}", "\0{}\0", "a line\n{}\nanother", "x = '{}'", "[{}]"])
def test_a_secret_is_found_in_any_surroundings(rule: str, text: str, around: str) -> None:
    if rule == "openai-key" and around == "{}" and text.startswith("sk-"):
        around = " {}"
    assert rules(around.replace("{}", text)) == {rule}


@pytest.mark.parametrize("rule", ["github-token", "stripe-key", "npm-token", "jwt"])
def test_a_secret_among_the_packed_strings_of_a_program_is_found(rule: str) -> None:
    assert rules(f"cipher suite{TOKENS[rule][0]}http2: closed") == {rule}


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "AKIA" + "X" * 16,
        "AKIA" + letters(15, BASE32),
        "AKIA" + letters(17, BASE32),
        "B" + "AKIA" + letters(16, BASE32),
        "AKIA" + letters(16, BASE32).lower(),
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}",
        "aws_secret_access_key = " + letters(39),
        "aws_secret_access_key = " + letters(41),
        "ghp_" + "x" * 36,
        "ghp_" + letters(35),
        "ghp_" + "abcdefghij" * 4,
        "ghp_" + "getTheNameOfTheRepositoryFromThisUrl",
        "ghx_" + letters(36),
        "github_pat_" + letters(22) + "-" + letters(59),
        "glpat-" + letters(19, URL64),
        "glpat-" + "your-token-goes-here-1",
        "glpat-" + "xxxxxxxxxxxxxxxxxxxx",
        "xoxb-123987456012-" + letters(12),
        "xoxb-your-token-here-or-not",
        "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
        "sk_live_" + letters(23),
        "sk_test_" + letters(24),
        "task_live_" + "getSomethingThatIsLongByName",
        "AIza" + letters(34, WORD),
        "AIza" + letters(36, WORD),
        "xAIza" + letters(35, WORD),
        "GOCSPX-" + letters(27),
        "npm_" + "config_user_agent_and_some_other_words",
        "npm_" + letters(35),
        "//registry.example.org/:_authToken=${NPM_TOKEN}",
        "//registry.example.org/:_authToken=<token>",
        "this.authToken=" + letters(36),
        "pypi-AgEI" + letters(49, URL64),
        "rubygems_" + letters(47, HEX),
        "rubygems_" + letters(48, HEX).upper(),
        "dckr_pat_" + letters(26),
        '{"auths": {"https://index.docker.io/v1/": {}}, "credsStore": "pass"}',
        '{"auths": {}}',
        "self_" + letters(34),
        "=hf_" + letters(33),
        "=hf_" + "hub_download_and_so_on_and_so_forth",
        "sk-proj-" + letters(39),
        "task-proj-" + letters(60),
        " sk-" + letters(19) + "T3Blbk" + "FJ" + letters(20),
        " sk-" + letters(20) + "T3Blbk" + "FJ" + letters(21),
        "sk-ant-api03-" + letters(79),
        "KEY=SG." + letters(22) + "." + letters(42),
        "MSG." + letters(22) + "." + letters(43),
        "hvs." + letters(23),
        "archvs." + letters(30),
        "dop_v1_" + letters(63, HEX),
        "dop_v1_" + "0" * 64,
        "glsa_" + letters(32) + "_" + letters(7, HEX),
        "shpat_" + letters(31, HEX),
        "AccountKey=" + letters(85) + "==",
        "AccountKey=" + "A" * 86 + "==",
        jwt().rpartition(".")[0],
        jwt().replace(".", "!"),
        jwt().split(".")[0] + ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ." + letters(43),
        "AGE-SECRET-KEY-1" + letters(57, BASE32.replace("I", "").replace("B", "")) + "I",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "-----BEGIN RSA " + "PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END PRIVATE KEY-----\n",
        "-----BEGIN RSA " + "PRIVATE KEY-----\n" + ("M" * 64 + "\n") * 4,
        "-----BEGIN RSA " + "PRIVATE KEY-----\n" + ("N" + letters(63) + "\n") * 4,
        pem("RSA ").replace("PRIVATE", "PUBLIC"),
        pem("RSA ").replace("-----BEGIN", "----BEGIN"),
        pem("TESTING "),
        pem("").split("-----", 2)[2],
        pem("", 30),
        'strings.Contains(text, "-----BEGIN ' + 'PRIVATE KEY-----") || other(text)',
        armoured("PGP PUBLIC KEY BLOCK", bytes(range(256)) * 2, "\n"),
        armoured("CERTIFICATE", bytes(range(256)) * 2),
        putty().replace("Public-Lines", "Lines"),
        "PuTTY-User-Key-File-",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_is_none(text: str) -> None:
    assert not rules(f"a {text} b\n{text}\n")


def test_a_service_accounts_key_is_not_told_twice() -> None:
    assert len(searched(TOKENS["google-service-account"][0].encode())) == 1


@pytest.mark.parametrize(("rule", "text"), CASES)
def test_the_place_of_a_secret_covers_it_all(rule: str, text: str) -> None:
    raw = b"; " + text.encode() + b"\n"
    places = [
        secret_rules.found_at(raw, at, number)
        for number, needle in enumerate(NEEDLES)
        for at in [raw.find(needle)]
        if at >= 0
    ]
    found = next(place for place in places if place)
    assert found.rule == rule
    assert 0 <= found.start < found.stop <= len(raw)


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """Secrets in noise, some half and some glued together, and where the bytes are cut."""
    noise = st.sampled_from([b"", b"\n", b" ", b"=", b"\0" * 100, b"x" * 300, b"ab\ncd " * 900])
    whole = st.sampled_from([text.encode() for _, text in CASES])
    half = st.builds(lambda text, size: text[:size], whole, st.integers(0, 60))
    parts = draw(st.lists(st.one_of(noise, whole, half, st.sampled_from(NEEDLES)), max_size=12))
    raw = b"".join(parts)
    cuts = draw(st.lists(st.integers(0, len(raw)), max_size=20))
    return raw, sorted(cuts)


@given(cut_texts())
def test_pieces_do_not_matter(case: tuple[bytes, list[int]]) -> None:
    raw, cuts = case
    pieces = [raw[start:stop] for start, stop in pairwise([0, *cuts, len(raw)])]
    assert searched(*pieces) == searched(raw)


@pytest.mark.parametrize(("rule", "text"), [(rule, texts[0]) for rule, texts in TOKENS.items()])
def test_a_secret_across_the_border_of_two_pieces_is_found_once(rule: str, text: str) -> None:
    secret = b" " + text.encode()
    border = 1 << 13
    whole = searched(b"\n" * border + secret + b"\n" * border)
    assert [name for _, name in whole] == [rule]
    for back in range(0, len(secret) + 1, 1 if len(secret) < 300 else 13):
        raw = b"\n" * (border - back) + secret + b"\n" * border
        found = searched(*(raw[at : at + border] for at in range(0, len(raw), border)))
        assert found == [(whole[0][0] - back, rule)]


def test_a_sweep_notes_what_lies_across_its_pieces() -> None:
    token = TOKENS["github-token"][0].encode()
    raw = b"\n" * ((1 << 20) - 7) + token + b"\n" * (1 << 20)
    with ThreadPoolExecutor(1) as executor:
        sweep = Sweep(executor)
        assert b"".join(sweep.pieces(ByteStream([raw]), 1 << 20)) == raw
        assert [*sweep.finish().places] == [((1 << 20) - 7, "github-token")]


@given(st.binary(max_size=400), st.sampled_from(NEEDLES), st.binary(max_size=400))
def test_any_bytes_get_an_answer(before: bytes, needle: bytes, after: bytes) -> None:
    assert all(rule in RULES for _, rule in searched(before + needle + after))


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/root/.netrc", "netrc"),
        ("/home/a/.git-credentials", "git-credentials"),
        ("/root/.config/git/credentials", "git-credentials"),
        ("/root/.pgpass", "database-login"),
        ("/root/.my.cnf", "database-login"),
        ("/root/.pypirc", "pypirc"),
        ("/root/.dockercfg", "docker-login"),
        ("/root/.aws/credentials", "cloud-credentials"),
        ("/root/.aws/sso/cache/0a1b.json", "cloud-credentials"),
        ("/root/.config/gcloud/application_default_credentials.json", "cloud-credentials"),
        ("/root/.config/gcloud/legacy_credentials/me/adc.json", "cloud-credentials"),
        ("/root/.azure/accessTokens.json", "cloud-credentials"),
        ("/root/.azure/msal_token_cache.json", "cloud-credentials"),
        ("/root/.kube/config", "kubeconfig"),
        ("/root/.ssh/id_rsa", "ssh-key"),
        ("/app/id_ed25519", "ssh-key"),
        ("/app/release.p12", "key-store"),
        ("/app/site.PFX", "key-store"),
        ("/app/my.jks", "key-store"),
        ("/app/upload.keystore", "key-store"),
        ("/app/.env", "dotenv"),
        ("/app/.env.production", "dotenv"),
        ("/infra/terraform.tfstate", "terraform-state"),
        ("/infra/prod.tfstate", "terraform-state"),
        ("/etc/nginx/htpasswd", "htpasswd"),
        ("/app/.htpasswd", "htpasswd"),
        ("/root/.bash_history", "shell-history"),
        ("/root/.vault-token", "token-file"),
        ("/root/.cargo/credentials.toml", "token-file"),
        ("/root/.cache/huggingface/token", "token-file"),
    ],
)
def test_credential_files_are_known_by_name_and_place(path: str, rule: str) -> None:
    assert file_rule(path) == rule
    assert rule in RULES


@pytest.mark.parametrize(
    "path",
    [
        "/root/netrc",
        "/root/.netrc.md",
        "/root/.ssh/id_rsa.pub",
        "/root/.ssh/authorized_keys",
        "/root/.ssh/known_hosts",
        "/root/.npmrc",
        "/root/.docker/config.json",
        "/root/.aws/config",
        "/app/credentials",
        "/app/.env.example",
        "/app/.env.sample",
        "/app/.environment",
        "/app/jks",
        "/app/p12",
        "/app/.p12",
        "/etc/ssl/certs/java/cacerts",
        "/usr/bin/htpasswd",
        "/usr/share/bash-completion/completions/htpasswd",
        "/root/.kube/config.md",
        "/root/.config/gcloud/active_config",
        "/",
        "",
    ],
)
def test_other_files_are_not(path: str) -> None:
    assert file_rule(path) is None


@pytest.mark.parametrize(
    "value",
    ["hunter2", "secret", "postgres", letters(20), "correct horse battery", "'quoted'", "123456"],
)
def test_a_weak_password_is_one(value: str) -> None:
    assert is_set(value)


@pytest.mark.parametrize(
    "value",
    [
        "", "ab", "  ", "$TOKEN", "${TOKEN:-x}", "{{ token }}", "%TOKEN%", "<token>", "[REDACTED]",
        "***", "xxxx", "changeme", "CHANGE_ME", "replace-me", "your-token", "example", "todo",
        "true", "false", "none", "null", "off", "3600", "30s", "10 m", "/run/secrets/token",
        "./token.txt", "~/.token", "file:///run/token", "''",
    ],
)  # fmt: skip
def test_placeholders_references_and_paths_are_none(value: str) -> None:
    assert not is_set(value)
