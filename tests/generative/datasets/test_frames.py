"""Frames of any environment, the same for the same seed."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from generative.datasets import frames, load


class Counter(gymnasium.Env[np.ndarray, int]):
    """Shows the number of steps of its episode as grayness, and the episode's seed as another."""

    observation_space = gymnasium.spaces.Box(0, 255, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - as Gymnasium has it

    def __init__(self, render_mode: str | None = "rgb_array", shape: tuple[int, ...] = (4, 6, 3)) -> None:
        self.render_mode = render_mode
        self.shape = shape
        self.closed = False
        self.actions: list[int] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.step_number, self.mark = 0, int(self.np_random.integers(100, 255))
        return np.zeros(1, np.float32), {}

    def step(self, action: int) -> Any:
        self.step_number += 1
        self.actions.append(action)
        return np.full(1, self.step_number, np.float32), 0.0, self.step_number == 5, False, {}

    def render(self) -> Any:
        frame = np.full(self.shape, self.step_number, np.uint8)
        frame[:2] = self.mark
        return frame

    def close(self) -> None:
        self.closed = True


def test_frames_follow_each_other_across_episodes() -> None:
    environment = Counter()
    data = frames.record(environment, number=12)
    assert data.train.shape == (12, 4, 6, 3) and data.test.shape[0] == 2 and data.train_labels is None
    assert data.train[:, 3, 0, 0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert data.kind == "frames" and data.spec.name == "Counter" and not environment.closed
    assert frames.record(Counter(), number=6, every=2).train[:, 3, 0, 0].tolist() == [0, 2, 4, 1, 3, 0]


def test_held_out_frames_are_of_other_episodes_and_seeds_decide() -> None:
    data = frames.record(Counter(), number=50)
    assert not set(data.test[:, 0, 0, 0]) & set(data.train[:5, 0, 0, 0])
    assert frames.record(Counter(), number=50).fingerprint() == data.fingerprint()
    assert frames.record(Counter(), number=50, seed=1).fingerprint() != data.fingerprint()


def test_a_policy_acts() -> None:
    environment = Counter()
    frames.record(environment, number=10, policy=lambda observation: int(observation[0] > 2))
    assert environment.actions[:10] == [0, 0, 0, 1, 1, 0, 0, 0, 1, 1]


def test_frames_of_a_named_environment_scaled() -> None:
    data = load("frames:lab/GridWorld-v0,number=20,size=16,every=2")
    assert data.train.shape == (20, 16, 16, 3) and data.test.shape[0] == 4
    assert len({row.tobytes() for row in data.train}) > 3


def test_scaling_takes_means() -> None:
    data = frames.record(Counter(shape=(4, 4, 3)), number=5, size=2)
    np.testing.assert_array_equal(data.train[:, 1, 0, 0], [0, 1, 2, 3, 4])


@pytest.mark.parametrize(
    ("environment", "keywords", "message"),
    [
        ("CartPol-v1", {}, "cannot be made"),
        (Counter(render_mode=None), {}, "render_mode received None"),
        (Counter(shape=(4, 6)), {}, r"uint8 \(4, 6\).*expected uint8 \(H, W, 3\)"),
        (Counter(), {"number": 0}, "number received 0"),
        (Counter(), {"every": 0}, "every"),
        (Counter(), {"size": 2.5}, "size"),
    ],
)
def test_what_does_not_fit(environment: Any, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frames.record(environment, **{"number": 10, **keywords})


def test_more_than_fits_in_memory_is_refused_at_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST_BYTES", 100)
    environment = Counter()
    with pytest.raises(ValueError, match=r"10 of \(4, 6, 3\).*size=64"):
        frames.record(environment, number=10)
    assert not environment.actions


def test_frames_of_several_sizes_need_a_size() -> None:
    environment = Counter()
    grow = lambda observation: setattr(environment, "shape", (4, 5, 3)) or 0  # noqa: E731
    with pytest.raises(ValueError, match=r"\(4, 5, 3\).*\(4, 6, 3\).*size=64"):
        frames.record(environment, number=10, policy=grow)


class Even(Counter):
    """Renders one gray value, in a type of its own."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def render(self) -> Any:
        return np.zeros((4, 6, 3), self.kind)


def test_float_frames_are_refused_and_equal_ones_warned_of() -> None:
    with pytest.raises(ValueError, match=r"float32 \(4, 6, 3\).*np.rint\(frame \* 255\)"):
        frames.record(Even(np.float32), number=10)
    with pytest.warns(UserWarning, match="all 10 rows to train on are equal"):
        assert frames.record(Even(np.uint8), number=10).notes
