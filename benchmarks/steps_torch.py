"""The peers of `steps.py`: the same U-Net, DCGAN and VAEs, losses and optimizers, as one would write them in torch.

Eager, convolutions in channels_last, bfloat16 by autocast, the fused kernels that torch has: run by `steps.py`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import torch
from steps import BATCH, CHANNELS, serve
from torch import nn
from torch.nn import functional

LAST = torch.channels_last


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.first, self.second = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
        self.modulate = nn.Linear(condition, 2 * outputs)
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        h = self.conv_1(functional.silu(self.first(x)))
        more, added = self.modulate(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.conv_2(functional.silu(torch.addcmul(added, self.second(h), 1 + more)))
        return self.skip(x) + h


class Attention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.heads, self.norm = size // 32, nn.GroupNorm(8, size)
        self.joint, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, size, height, width = x.shape
        tokens = self.norm(x).permute(0, 2, 3, 1).reshape(rows, height * width, size)
        joint = self.joint(tokens).view(rows, height * width, 3, self.heads, size // self.heads)
        query, key, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = (
            functional.scaled_dot_product_attention(query, key, value)
            .transpose(1, 2)
            .reshape(rows, height * width, size)
        )
        return x + self.out(mixed).view(rows, height, width, size).permute(0, 3, 1, 2)


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        one, two = CHANNELS
        size = 4 * one
        self.register_buffer("frequencies", 32.0 * (0.5 / 32.0) ** torch.linspace(0, 1, size // 2))
        self.embed = nn.Sequential(nn.Linear(size, size), nn.SiLU(), nn.Linear(size, size), nn.SiLU())
        self.start = nn.Conv2d(1, one, 3, padding=1)
        self.down = nn.Conv2d(one, two, 3, 2, padding=1)
        self.down_1, self.down_2 = Block(one, one, size), Block(two, two, size)
        self.attention, self.middle = Attention(two), Block(two, two, size)
        self.low = nn.ModuleList([Block(2 * two, two, size), Block(2 * two, two, size)])
        self.up = nn.Conv2d(two, one, 3, padding=1)
        self.high = nn.ModuleList([Block(2 * one, one, size), Block(2 * one, one, size)])
        self.norm, self.end = nn.GroupNorm(8, one), nn.Conv2d(one, 1, 3, padding=1)

    def forward(self, x: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        angles = number[:, None] * self.frequencies
        c = self.embed(torch.cat([angles.sin(), angles.cos()], dim=1) * math.sqrt(2.0))
        skips = [self.start(x)]
        skips.append(self.down_1(skips[-1], c))
        skips.append(self.down(skips[-1]))
        skips.append(self.down_2(skips[-1], c))
        x = self.middle(self.attention(skips[-1]), c)
        for block in self.low:
            x = block(torch.cat([x, skips.pop()], dim=1), c)
        x = self.up(functional.interpolate(x, scale_factor=2.0))
        for block in self.high:
            x = block(torch.cat([x, skips.pop()], dim=1), c)
        return self.end(functional.silu(self.norm(x)))


class Modulated(nn.Module):
    def __init__(self, size: int, latents: int) -> None:
        super().__init__()
        self.norm, self.modulate = nn.GroupNorm(8, size), nn.Linear(latents, 2 * size)

    def forward(self, x: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        more, added = self.modulate(latents)[:, :, None, None].chunk(2, dim=1)
        return functional.leaky_relu(torch.addcmul(added, self.norm(x), 1 + more), 0.2)


class DCGenerator(nn.Module):
    def __init__(self, latents: int = 64) -> None:
        super().__init__()
        one, two = CHANNELS
        self.first = nn.Linear(latents, 49 * two)
        self.norm_1, self.norm_2 = Modulated(two, latents), Modulated(one, latents)
        self.up_1 = nn.ConvTranspose2d(two, one, 4, 2, padding=1)
        self.up_2 = nn.ConvTranspose2d(one, 1, 4, 2, padding=1)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        x = self.first(latents).view(len(latents), -1, 7, 7).contiguous(memory_format=LAST)
        x = self.up_1(self.norm_1(x, latents))
        return torch.tanh(self.up_2(self.norm_2(x, latents)).float())


def dc_discriminator() -> nn.Module:
    one, two = CHANNELS
    layers = (nn.Conv2d(1, one, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(one, two, 4, 2, 1), nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(49 * two, 1))


class VAE(nn.Module):
    def __init__(self, conv: bool) -> None:
        super().__init__()
        one, two = CHANNELS
        act = nn.ReLU
        if conv:
            down = (nn.Conv2d(1, one, 3, 2, 1), act(), nn.Conv2d(one, two, 3, 2, 1), act(), nn.Flatten())
            self.encoder = nn.Sequential(*down, nn.Linear(49 * two, 32))
            up = (nn.ConvTranspose2d(two, one, 3, 2, 1, 1), act(), nn.ConvTranspose2d(one, one, 3, 2, 1, 1), act())
            first = (nn.Linear(16, 49 * two), act(), nn.Unflatten(1, (two, 7, 7)))
            self.decoder = nn.Sequential(*first, *up, nn.Conv2d(one, 1, 3, padding=1))
        else:
            layers = (nn.Flatten(), nn.Linear(784, 256), act(), nn.Linear(256, 128), act(), nn.Linear(128, 32))
            self.encoder = nn.Sequential(*layers)
            layers = (nn.Linear(16, 128), act(), nn.Linear(128, 256), act(), nn.Linear(256, 784))
            self.decoder = nn.Sequential(*layers, nn.Unflatten(1, (1, 28, 28)))
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.3)))


class Average:
    """The averaged weights, in one fused call an update."""

    def __init__(self, model: nn.Module) -> None:
        self.source = list(model.parameters())
        self.mine, self.updates = [p.detach().clone() for p in self.source], 0

    def update(self) -> None:
        keep = min(0.999, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        torch._foreach_lerp_(self.mine, [p.detach() for p in self.source], 1 - keep)


def unet_step(precision: str) -> tuple[Callable[[torch.Tensor], None], int]:
    model = UNet().to(memory_format=LAST)
    optimizer, average = torch.optim.Adam(model.parameters(), 2e-3), Average(model)
    time = torch.linspace(0, 1, 1_001)
    alpha_bar = torch.cos((time + 0.008) / 1.008 * math.pi / 2)[:-1] ** 2

    def step(rows: torch.Tensor) -> None:
        times = ((torch.rand(()) + torch.arange(BATCH) / BATCH) % 1.0 * 1_000).long()
        alpha, sigma = alpha_bar[times].sqrt()[:, None, None, None], (1 - alpha_bar[times]).sqrt()[:, None, None, None]
        noise = torch.randn_like(rows)
        x = alpha * rows + sigma * noise
        target = alpha * noise - sigma * rows
        scale = torch.rsqrt((0.5 * alpha) ** 2 + sigma**2)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            output = model(x * scale, torch.log((sigma / alpha).clamp(1e-3, 1e3)).flatten() / 4)
        errors = (output.float() - target).square().flatten(1).mean(dim=1)
        snr = (alpha / sigma).square().flatten()
        loss = (errors * torch.clamp(snr, max=5.0) / (snr + 1)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update()

    return step, count(model)


def gan_step(precision: str) -> tuple[Callable[[torch.Tensor], None], int]:
    made, judge = DCGenerator().to(memory_format=LAST), dc_discriminator().to(memory_format=LAST)
    optimizers = [torch.optim.Adam(m.parameters(), 2e-3, betas=(0.0, 0.99)) for m in (made, judge)]
    average = Average(made)

    def cast() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

    def apply(loss: torch.Tensor, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient
        torch.nn.utils.clip_grad_norm_(model.parameters(), 100.0)
        optimizer.step()

    def step(rows: torch.Tensor) -> None:
        with torch.no_grad(), cast():
            fake = made(torch.randn(BATCH, 64))
        real = rows.detach().requires_grad_()
        with cast():
            real_scores, fake_scores = judge(real).float(), judge(fake).float()
        (slopes,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)
        penalty = 0.05 * slopes.square().flatten(1).sum(dim=1).mean()
        apply(
            functional.softplus(-real_scores).mean() + functional.softplus(fake_scores).mean() + penalty,
            judge,
            optimizers[1],
        )
        with cast():
            scores = judge(made(torch.randn(BATCH, 64))).float()
        apply(functional.softplus(-scores).mean(), made, optimizers[0])
        average.update()

    return step, count(made) + count(judge)


def vae_step(conv: bool, precision: str) -> tuple[Callable[[torch.Tensor], None], int]:
    model = VAE(conv).to(memory_format=LAST)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.5)
    width = 2.0 / 255.0

    def step(rows: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            mean, log_variance = model.encoder(rows).float().chunk(2, dim=1)
            log_variance = log_variance.clamp(-10.0, 10.0)
            latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            outputs = model.decoder(latents).float()
        scale = 1e-3 + torch.exp(model.log_scale)
        below, above = (rows - outputs - width / 2) / scale, (rows - outputs + width / 2) / scale
        first, last = rows < -1.0 + width / 2, rows > 1.0 - width / 2
        fit = torch.where(last, 0.0, -functional.softplus(-above)) + torch.where(
            first, 0.0, -functional.softplus(below)
        )
        fit = fit + torch.where(first | last, 0.0, torch.log(-torch.expm1(-width / scale)))
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0)
        loss = divergence.sum(dim=1).mean() - fit.flatten(1).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step, count(model)


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def main() -> None:
    """Serve one job; see `steps.serve`."""
    job, precision, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    made = {"unet": unet_step, "gan": gan_step}
    step, size = made[job](precision) if job in made else vae_step(job == "vae conv", precision)
    data = (2.0 * torch.rand(1_000, 1, 28, 28) - 1.0).contiguous(memory_format=LAST)

    def steps(number: int) -> None:
        for _ in range(number):
            step(data[torch.randint(len(data), (BATCH,))])

    serve(size, steps)


if __name__ == "__main__":
    main()
