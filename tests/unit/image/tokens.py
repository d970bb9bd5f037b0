"""Tokens and keys made up when the tests run, so that no file holds one in full shape."""

from __future__ import annotations

import base64
import random
import string

WORD = string.ascii_letters + string.digits
URL64 = WORD + "-_"
HEX = string.digits + "abcdef"
BASE32 = string.ascii_uppercase + "234567"
BECH32 = "023456789ACDEFGHJKLMNPQRSTUVWXYZ"


def draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same is to be drawn again


def letters(count: int, alphabet: str = WORD, seed: int = 1) -> str:
    """Letters drawn at random, the same for the same seed; a digit is among them."""
    drawn = draw(seed).choices(alphabet, k=count)
    drawn[count // 2] = next(letter for letter in reversed(alphabet) if letter.isdigit())
    return "".join(drawn)


def jwt(seed: int = 1) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    claims = '{"iss":"shop","exp":1893456000,"jti":"' + letters(24, seed=seed) + '"}'
    return ".".join((part('{"alg":"HS256","typ":"JWT"}'), part(claims), letters(43, URL64, seed)))


def pem(label: str = "RSA ", size: int = 600, fields: str = "", end: str = "\n") -> str:
    data = b"\x30\x82" + draw(size).randbytes(size)
    if label == "OPENSSH ":
        data = b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none" + data
    return armoured(f"{label}PRIVATE KEY", data, fields, end)


def armoured(title: str, data: bytes, fields: str = "", end: str = "\n") -> str:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return end.join([f"-----BEGIN {title}-----{fields}", *lines, f"-----END {title}-----", ""])


def putty(encryption: str = "none") -> str:
    return (
        f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: {encryption}\nComment: me\n"
        f"Public-Lines: 2\n{letters(64)}\n{letters(12)}==\nPrivate-Lines: 1\n{letters(43)}=\n"
    )


TOKENS = {
    "aws-key-id": ("AKIA" + letters(16, BASE32), "ASIA" + letters(16, BASE32, 3)),
    "aws-secret-key": (
        "aws_secret_access_key = " + letters(40),
        "export AWS_SECRET_ACCESS_KEY='" + letters(40) + "'",
        '"SecretAccessKey": "' + letters(40, WORD + "+/") + '"',
    ),
    "github-token": (
        *(f"gh{kind}_" + letters(36) for kind in "pousr"),
        "github_pat_" + letters(22) + "_" + letters(59),
    ),
    "gitlab-token": ("glpat-" + letters(20, URL64), "glrt-" + letters(20), "gldt-" + letters(20)),
    "slack-token": tuple(
        f"xox{kind}-123987456012-456012398712-" + letters(24) for kind in "bpar"
    ),
    "slack-webhook": (
        "https://hooks.slack.com/services/T" + letters(8, BASE32) + "/B" + letters(8, BASE32) + "/"
        + letters(24),
    ),
    "stripe-key": ("sk_live_" + letters(24), "rk_live_" + letters(99)),
    "google-api-key": ("AIza" + letters(35, URL64),),
    "google-client-secret": ("GOCSPX-" + letters(28, URL64),),
    "npm-token": (
        "npm_" + letters(36),
        "//registry.example.org/:_authToken=" + letters(36, HEX),
    ),
    "pypi-token": ("pypi-AgEI" + letters(150, URL64),),
    "rubygems-key": ("rubygems_" + letters(48, HEX),),
    "docker-token": ("dckr_pat_" + letters(27, URL64),),
    "registry-login": (
        '{"auths": {"https://index.docker.io/v1/": {"auth": "' + letters(20) + '"}}}',
        '{"auths":{"a.example":{},"b.example":{"email":"","auth":"' + letters(20) + '=="}}}',
    ),
    "huggingface-token": ("HF_TOKEN=hf_" + letters(34), 'login("hf_' + letters(34) + '")'),
    "openai-key": (
        "sk-proj-" + letters(74, URL64) + "T3Blbk" + "FJ" + letters(74, URL64),
        "key: sk-" + letters(20) + "T3Blbk" + "FJ" + letters(20),
    ),
    "anthropic-key": ("sk-ant-api03-" + letters(93, URL64),),
    "sendgrid-key": ("KEY=SG." + letters(22, URL64) + "." + letters(43, URL64),),
    "vault-token": ("hvs." + letters(24), "hvb." + letters(95, URL64)),
    "digitalocean-token": ("dop_v1_" + letters(64, HEX),),
    "grafana-token": ("glsa_" + letters(32) + "_" + letters(8, HEX),),
    "shopify-token": ("shpat_" + letters(32, HEX),),
    "azure-storage-key": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + letters(86) + "==;",
    ),
    "jwt": (jwt(),),
    "age-key": ("AGE-SECRET-KEY-1" + letters(58, BECH32),),
    "private-key": (
        pem("RSA "),
        pem("EC ", 119),
        pem("DSA ", 400),
        pem("OPENSSH ", 380),
        pem("", 1200),
        pem("", 46),  # the shortest: Ed25519 in PKCS #8
        pem("RSA ", end="\r\n"),
        'key = "' + pem("RSA ", end="\\n") + '"',
        'var key = "' + pem("EC ", 119, end='\\n" +\n\t"') + '"',
        "    " + pem("", 700, end="\n    "),
        putty(),
    ),
    "private-key-encrypted": (
        pem("ENCRYPTED ", 700),
        pem("RSA ", fields="\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D4E5F\n"),
        armoured(
            "OPENSSH PRIVATE KEY",
            b"openssh-key-v1\0\0\0\0\x0aaes256-ctr" + draw(2).randbytes(300),
        ),
        putty("aes256-cbc"),
    ),
    "pgp-private-key": (
        armoured("PGP PRIVATE KEY BLOCK", b"\x95" + draw(3).randbytes(500), "\n"),
        armoured("PGP PRIVATE KEY BLOCK", b"\xc5" + draw(4).randbytes(500),
                 "\nVersion: A 1\nComment: of mine\n"),
    ),
    "google-service-account": (
        '{"type": "service_account",\n  "private_key_id": "' + letters(40, HEX) + '",\n'
        '  "private_key": "' + pem("", 1200, end="\\n") + '",\n',
    ),
}  # fmt: skip
"""For each rule, texts that meet it."""
