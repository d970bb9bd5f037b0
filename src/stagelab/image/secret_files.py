"""Files that hold credentials, by name and place."""

from __future__ import annotations

import re

_BY_NAME = {
    ".netrc": "netrc",
    "_netrc": "netrc",
    ".git-credentials": "git-credentials",
    ".pgpass": "database-login",
    ".my.cnf": "database-login",
    ".mylogin.cnf": "database-login",
    ".pypirc": "pypirc",
    ".dockercfg": "docker-login",
    "id_rsa": "ssh-key",
    "id_dsa": "ssh-key",
    "id_ecdsa": "ssh-key",
    "id_ed25519": "ssh-key",
    "id_ecdsa_sk": "ssh-key",
    "id_ed25519_sk": "ssh-key",
    ".env": "dotenv",
    "terraform.tfstate": "terraform-state",
    "terraform.tfstate.backup": "terraform-state",
    ".htpasswd": "htpasswd",
    "htpasswd": "htpasswd",
    ".vault-token": "token-file",
    ".bash_history": "shell-history",
    ".ash_history": "shell-history",
    ".zsh_history": "shell-history",
    ".sh_history": "shell-history",
    ".python_history": "shell-history",
    ".psql_history": "shell-history",
    ".mysql_history": "shell-history",
}
_PROGRAMS = re.compile(r"/(?:bin|sbin|doc|completions|libexec)/")
_BY_ENDING = {
    "p12": "key-store",
    "pfx": "key-store",
    "jks": "key-store",
    "jceks": "key-store",
    "keystore": "key-store",
    "kdbx": "key-store",
    "tfstate": "terraform-state",
}
_BY_PLACE = {
    "/.aws/credentials": "cloud-credentials",
    "/.aws/sso/cache/": "cloud-credentials",
    "/.config/gcloud/application_default_credentials.json": "cloud-credentials",
    "/.config/gcloud/credentials.db": "cloud-credentials",
    "/.config/gcloud/access_tokens.db": "cloud-credentials",
    "/.config/gcloud/legacy_credentials/": "cloud-credentials",
    "/.azure/accessTokens.json": "cloud-credentials",
    "/.azure/msal_token_cache.": "cloud-credentials",
    "/.azure/service_principal_entries.": "cloud-credentials",
    "/.kube/config": "kubeconfig",
    "/.config/git/credentials": "git-credentials",
    "/.config/gh/hosts.yml": "token-file",
    "/.cargo/credentials": "token-file",
    "/.gem/credentials": "token-file",
    "/.terraform.d/credentials.tfrc.json": "token-file",
    "/.cache/huggingface/token": "token-file",
}
_DOTENV_MODEL = frozenset({"example", "sample", "template", "dist", "defaults", "schema", "tmpl"})


def file_rule(path: str) -> str | None:
    """Tell which rule a file meets by its path alone; None if none.

    A public key (`id_rsa.pub`), a model of settings (`.env.example`) and a program of such a name
    (`/usr/bin/htpasswd`) are none. What can hold a login and often does not (`.npmrc`,
    `.docker/config.json`) is told by its contents instead.

    Args:
        path: From the root, "/root/.netrc".
    """
    name = path[path.rfind("/") + 1 :]
    rule = _BY_NAME.get(name)
    if rule:
        return rule if name.startswith((".", "id_")) or not _PROGRAMS.search(path) else None
    dot = name.rfind(".")
    if dot > 0:
        rule = _BY_ENDING.get(name[dot + 1 :].lower())
        if rule:
            return rule
        if name.startswith(".env."):
            return None if name[dot + 1 :].lower() in _DOTENV_MODEL else "dotenv"
    if "/." in path:
        for place, kept in _BY_PLACE.items():
            at = path.find(place)
            if at >= 0 and (place[-1] in "/." or path.endswith((place, place + ".toml"))):
                return kept
    return None
