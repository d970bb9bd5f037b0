"""Capabilities that a file gives to the program in it.

Source: capabilities(7), "File capabilities", and the kernel's `linux/capability.h`: the attribute
`security.capability` is a word of flags, and one or two pairs of words (permitted, inheritable),
little-endian.
"""

from __future__ import annotations

import struct

_NAMES = (
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
)
_PAIRS_AT = 4
_PAIR = 8
_MOST_PAIRS = 2


def capabilities(value: bytes) -> tuple[str, ...]:
    """Give the names of the capabilities that may be had, "cap_net_raw"; unknown ones by number."""
    bits = 0
    for number, at in enumerate(range(_PAIRS_AT, len(value) - _PAIR + 1, _PAIR)):
        if number < _MOST_PAIRS:
            permitted, inheritable = struct.unpack_from("<II", value, at)
            bits |= (permitted | inheritable) << (32 * number)
    set_bits = [bit for bit in range(64) if bits >> bit & 1]
    return tuple(f"cap_{_NAMES[bit]}" if bit < len(_NAMES) else f"cap_{bit}" for bit in set_bits)
