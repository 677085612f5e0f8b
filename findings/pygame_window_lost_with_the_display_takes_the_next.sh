#!/usr/bin/env bash
# pygame-ce 2.5.8 with SDL 2.32.10, seen 2026-11-30: a `pygame.Window` that `pygame.quit()` took down, as any Gymnasium environment does
# that renders and is closed, still lets go of its place in memory when Python drops it. A window made since that lies in the same place
# goes with it: its next use raises "Invalid window". Dropping the lost one before `pygame.display.init()` avoids it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pygame-ce==2.5.8
SDL_VIDEODRIVER=dummy PYGAME_HIDE_SUPPORT_PROMPT=1 "$folder/venv/bin/python" - <<'PYTHON'
import pygame

print("pygame-ce", pygame.version.ver, "SDL", pygame.get_sdl_version())


def lost(drop_first, rounds=200):
    window, errors = None, 0
    for _ in range(rounds):
        if drop_first:
            window = None
        pygame.display.init()
        window = pygame.Window("watched", (64, 64))
        try:
            window.get_surface().fill("red")
        except pygame.error as error:
            errors += str(error) == "Invalid window"
        pygame.quit()
    return errors


kept, dropped = lost(False), lost(True)
print(f"invalid in 200 rounds: {kept} where the lost window is kept until the next is there, {dropped} where it is dropped first")
if not kept or dropped:
    raise SystemExit("this has changed")
PYTHON
