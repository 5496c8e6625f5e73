"""The sandbox container's program: a static ELF of some 224 bytes, made here so that nothing has to be pulled.

It blocks SIGTERM, SIGINT and SIGCHLD, waits for one of them with rt_sigtimedwait, collects dead children with wait4
(it is process 1 of pods that share their process namespace), and exits 0 on the other two. Written twice, once per
machine; the bytes are the assembled form of the listing beside them.
"""

from __future__ import annotations

import io
import struct
import tarfile

from sampan.errors import SampanError

BASE = 0x400000
HEADER = 64 + 56
X86_64, AARCH64 = 62, 183

#: mov eax,14; xor edi,edi; lea rsi,[mask]; xor edx,edx; mov r10d,8; syscall        rt_sigprocmask(BLOCK, mask)
#: wait: mov eax,128; lea rdi,[mask]; xor esi,esi; xor edx,edx; mov r10d,8; syscall  rt_sigtimedwait(mask)
#: cmp eax,17; je reap; test eax,eax; js wait; mov eax,60; xor edi,edi; syscall      exit(0)
#: reap: mov eax,61; mov rdi,-1; xor esi,esi; mov edx,1; xor r10d,r10d; syscall; test eax,eax; jg reap; jmp wait
X86_64_CODE = bytes.fromhex(
    "b80e00000031ff488d355200000031d241ba080000000f05b880000000488d3d3c00000031f631d241ba080000000f05"
    "83f811740d85c078dfb83c00000031ff0f05b83d00000048c7c7ffffffff31f6ba010000004531d20f0585c07fe4ebb8"
    "0240010000000000"
)


def aarch64_code() -> bytes:
    """The same for 64-bit ARM. Numbers: asm-generic/unistd.h; encodings: Arm ARM, A64."""

    def movz(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    def adr(register: int, distance: int) -> int:
        return 0x10000000 | (distance & 3) << 29 | (distance >> 2 & 0x7FFFF) << 5 | register

    def branch(distance: int, condition: int | None = None) -> int:
        words = distance // 4
        return 0x14000000 | words & 0x3FFFFFF if condition is None else 0x54000000 | (words & 0x7FFFF) << 5 | condition

    svc, equal, negative, greater = 0xD4000001, 0, 4, 12
    compare_17, compare_0 = 0xF1004400 | 31, 0xF1000000 | 31  # cmp x0, #17 / #0
    size = 30 * 4  # where the mask lies; the program is padded up to it
    code = [movz(0, 0), adr(1, size - 4), movz(2, 0), movz(3, 8), movz(8, 135), svc]  # 0-5 rt_sigprocmask
    code += [adr(0, size - 24), movz(1, 0), movz(2, 0), movz(3, 8), movz(8, 137), svc]  # 6-11 rt_sigtimedwait
    code += [compare_17, branch(24, equal), compare_0, branch((6 - 15) * 4, negative)]  # 12-15
    code += [movz(0, 0), movz(8, 93), svc]  # 16-18 exit
    code += [0x92800000, movz(1, 0), movz(2, 1), movz(3, 0), movz(8, 260), svc]  # 19-24 wait4(-1, 0, WNOHANG, 0)
    code += [compare_0, branch((19 - 26) * 4, greater), branch((6 - 27) * 4)]  # 25-27
    code += [0xD503201F] * (30 - len(code))  # nop
    return struct.pack(f"<{len(code)}I", *code) + X86_64_CODE[-8:]


def program(machine: str) -> bytes:
    """The ELF file for ``platform.machine()``; raises SampanError for machines it is not written for."""
    if machine in ("x86_64", "amd64"):
        return _elf(X86_64_CODE, X86_64)
    if machine in ("aarch64", "arm64"):
        return _elf(aarch64_code(), AARCH64)
    raise SampanError(f"docker: the sandbox program is not written for {machine}; use runtime: exec")


def archive(machine: str) -> bytes:
    """A tar with the program as /pause, for ``docker import``."""
    data, buffer = program(machine), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("pause")
        entry.size, entry.mode = len(data), 0o755
        tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _elf(code: bytes, machine: int) -> bytes:
    size = HEADER + len(code)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, BASE + HEADER, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return head + segment + code
