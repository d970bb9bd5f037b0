"""What each rule for secrets is called, why it matters, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One kind of secret.

    Attributes:
        name: Its name in results and allow-lists.
        title: What it is called among people.
        why: What somebody who has the image can do with it.
        remedy: What keeps it out of the image.
    """

    name: str
    title: str
    why: str
    remedy: str


_MOUNT = (
    "Give it to the one RUN that needs it by `RUN --mount=type=secret`, or to the container when "
    "it starts; a copy in an image stays there, so replace the secret by a new one."
)
_REVOKE = (
    "Revoke it where it was issued, now. Then give the new one only to the RUN that needs it, by "
    "`RUN --mount=type=secret`, or to the container when it starts."
)
_KEY = (
    "Make a new key pair, and leave the private half out of the image: list it in .dockerignore, "
    "use `RUN --mount=type=ssh` to fetch sources, mount it when the container starts."
)
_FILE = (
    "List the file in .dockerignore, and mount it where it is needed: at build time by "
    "`RUN --mount=type=secret`, at run time as a volume or a secret. Replace what it holds."
)
_ANYBODY = "Everybody who can pull the image can read it. "


def _token(name: str, service: str, gives: str) -> Rule:
    return Rule(name, service, f"{_ANYBODY}It {gives}.", _REVOKE)


def _file(name: str, title: str, holds: str) -> Rule:
    return Rule(name, title, f"Such a file holds {holds}. {_ANYBODY.strip()}", _FILE)


_ALL = (
    Rule(
        "private-key",
        "private key",
        _ANYBODY + "It proves an identity, or decrypts what was meant for its owner.",
        _KEY,
    ),
    Rule(
        "private-key-encrypted",
        "private key, encrypted",
        _ANYBODY + "It is locked by a passphrase, which can be guessed at leisure.",
        _KEY,
    ),
    Rule(
        "pgp-private-key",
        "PGP private key",
        _ANYBODY + "It signs and decrypts in its owner's name, at most behind a passphrase.",
        _KEY,
    ),
    _token("aws-key-id", "AWS access key ID", "names an account's key; its secret is often near"),
    _token("aws-secret-key", "AWS secret access key", "signs requests in the account's name"),
    _token("github-token", "GitHub token", "reads or writes repositories, as far as its scopes go"),
    _token("gitlab-token", "GitLab token", "reads or writes projects, as far as its scopes go"),
    _token("slack-token", "Slack token", "reads and writes messages in the workspace"),
    _token("slack-webhook", "Slack webhook", "posts to a channel"),
    _token("stripe-key", "Stripe live key", "moves real money"),
    _token("google-api-key", "Google API key", "uses services at the project's expense"),
    _token("google-client-secret", "Google OAuth client secret", "poses as the application"),
    _token(
        "google-service-account",
        "Google service account's key",
        "acts as the service account in the cloud project",
    ),
    _token("npm-token", "npm token", "installs private packages, and may publish new versions"),
    _token("pypi-token", "PyPI token", "publishes new versions of a project"),
    _token("rubygems-key", "RubyGems API key", "publishes new versions of gems"),
    _token("docker-token", "Docker Hub token", "pulls private images, and may push new ones"),
    _token("registry-login", "registry login", "pulls private images, and may push new ones"),
    _token("huggingface-token", "Hugging Face token", "reads private models, and may write them"),
    _token("openai-key", "OpenAI API key", "runs models at the owner's expense"),
    _token("anthropic-key", "Anthropic API key", "runs models at the owner's expense"),
    _token("sendgrid-key", "SendGrid API key", "sends mail in the owner's name"),
    _token("vault-token", "HashiCorp Vault token", "reads the secrets that its policy allows"),
    _token("digitalocean-token", "DigitalOcean token", "manages the account's machines"),
    _token("grafana-token", "Grafana service account token", "reads dashboards and their data"),
    _token("shopify-token", "Shopify access token", "reads and changes a shop's data"),
    _token("azure-storage-key", "Azure storage key", "reads and writes the whole storage account"),
    _token("jwt", "JSON web token", "opens what it was issued for, until it expires"),
    _token("age-key", "age secret key", "decrypts what was meant for its owner"),
    _token("url-password", "password in a URL", "opens the service that the URL names"),
    Rule(
        "telling-name",
        "value of a telling name",
        _ANYBODY + "A variable, argument or label of such a name holds a password or a token.",
        _MOUNT,
    ),
    Rule(
        "password-option",
        "password on a command line",
        _ANYBODY + "The image's history keeps each command with its options.",
        _MOUNT,
    ),
    _file("netrc", ".netrc", "user names and passwords for hosts"),
    _file("git-credentials", "Git's stored credentials", "user names and tokens for Git servers"),
    _file("database-login", "database password file", "passwords for databases"),
    _file("pypirc", ".pypirc", "tokens that publish Python packages"),
    _file("docker-login", "Docker's stored logins", "logins for registries"),
    _file("cloud-credentials", "cloud credentials", "keys for a cloud account"),
    _file("kubeconfig", "Kubernetes configuration", "certificates or tokens for a cluster"),
    _file("ssh-key", "SSH private key", "the private half of a key pair"),
    _file("key-store", "key store", "private keys, as a rule behind a guessable password"),
    _file("dotenv", ".env file", "an application's settings, passwords among them"),
    _file("terraform-state", "Terraform state", "all values of the resources, secrets in clear"),
    _file("htpasswd", "htpasswd file", "password hashes, which can be guessed at leisure"),
    _file("token-file", "stored token", "a token of the user who wrote it"),
    Rule(
        "shell-history",
        "shell history",
        "It shows what was typed, passwords in commands included. " + _ANYBODY.strip(),
        "Do not make images by `docker commit` of a container that somebody worked in; list the "
        "file in .dockerignore.",
    ),
)

RULES = {rule.name: rule for rule in _ALL}
"""Each rule by its name."""
