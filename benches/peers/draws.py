"""The random draws of the strategies: those of the harness, or those of PyTorch.

The harness's come from the keyed streams of src/stream.rs, ChaCha8 keyed by the SHA-256 of
`seed/purpose`. They are the same on every device, drawn on the host, and slow here.
"""

import hashlib
import math
import struct

import torch

WORDS = 16  # of a block
ROUNDS = 8
BLOCKS = 1 << 13  # computed at a time, so that they stay in the caches
MASK = 0xFFFFFFFF


class Keyed:
    def __init__(self, seed, device):
        self.seed, self.device = seed, device

    def _words(self, purpose, n):
        return words(f"{self.seed}/{purpose}", n)

    def opm(self, step, n):
        """A draw for the batch on the host, and `n` for its features."""
        draws = uniform(self._words(f"opm/{step}", 1 + n))
        return draws[0].item(), draws[1:].to(self.device)

    def dropout(self, step, modalities, batch):
        """A draw `[modality, example]` for the mask, and which modality is spared if none is."""
        draws = self._words(f"modality-dropout/{step}", batch * (modalities + 1))
        draws = draws.reshape(batch, modalities + 1, 2)
        mask, spared = uniform(draws[:, :-1]).T, below(draws[:, -1], modalities)
        return mask.to(self.device), spared.to(self.device)

    def noise(self, step, path, n):
        """Standard normal draws for the gradient of a parameter."""
        draws = self._words(f"ge/{path}/{step}", n + n % 2)
        return normal(draws)[:n].float().to(self.device)


class Native:
    def __init__(self, seed, device):
        torch.manual_seed(seed)
        self.device = device

    def opm(self, _step, n):
        return torch.rand(()).item(), torch.rand(n, device=self.device)

    def dropout(self, _step, modalities, batch):
        mask = torch.rand(modalities, batch, device=self.device)
        return mask, torch.randint(modalities, (batch,), device=self.device)

    def noise(self, _step, _path, n):
        return torch.randn(n, device=self.device)


def uniform(words):
    """From [0, 1), of 64-bit draws."""
    low, high = words.unbind(-1)
    return ((high << 21) | (low >> 11)).double() * 2.0**-53


def below(words, bound):
    """Of the whole numbers below a small bound, of 64-bit draws."""
    low, high = words.unbind(-1)
    # The incomplete last block of the 64-bit range, which src/stream.rs draws again, is hit once
    # in some 2^60 draws.
    return (((high % bound) << 32) + low) % bound


def normal(words):
    """Standard normal, two of two 64-bit draws (Box and Muller)."""
    first, second = uniform(words).reshape(-1, 2).unbind(1)
    radius = (-2.0 * (1.0 - first).log()).sqrt()
    angle = 2.0 * math.pi * second
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1).flatten()


def words(purpose, n):
    """The first `n` 64-bit draws of a stream: `[n, 2]`, the low 32 bits and the high ones."""
    key = struct.unpack("<8i", hashlib.sha256(purpose.encode()).digest())
    count = -(-2 * n // WORDS)
    blocks = [chacha(key, at, min(BLOCKS, count - at)) for at in range(0, count, BLOCKS)]
    return torch.cat(blocks).long().bitwise_and_(MASK).reshape(-1, 2)[:n]


def chacha(key, first, n):
    """`n` blocks of ChaCha8 from the block `first`, of fewer than 2^31: `[n, 16]`, signed."""
    zeros = torch.zeros(n, dtype=torch.int32)
    constants = struct.unpack("<4i", b"expand 32-byte k")
    start = [torch.full_like(zeros, word) for word in constants + key]
    start += [torch.arange(first, first + n, dtype=torch.int32), zeros, zeros, zeros]
    x = [word.clone() for word in start]

    def mix(target, source, turned, by):
        x[target] += x[source]
        bits = x[turned].bitwise_xor_(x[target])
        low = (bits >> (32 - by)).bitwise_and_((1 << by) - 1)
        x[turned] = (bits << by).bitwise_or_(low)

    for _ in range(ROUNDS // 2):
        for shift in (0, 1):  # columns, then diagonals
            for i in range(4):
                a, b, c, d = (4 * row + (i + shift * row) % 4 for row in range(4))
                mix(a, b, d, 16)
                mix(c, d, b, 12)
                mix(a, b, d, 8)
                mix(c, d, b, 7)
    return torch.stack([a + b for a, b in zip(x, start)], 1)
