"""The look of a sweep's page, as one style sheet without any address in it."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: #1d2127; --soft: #5c6470; --line: #dfe3e8;
  --mark: #2563a8; --tint: #eef4fb; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1c2026; --ink: #e6e9ed; --soft: #9aa3ae;
  --line: #313740; --mark: #7db4ee; --tint: #1f2b3a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main, header { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 0 0 14px; }
.tiles + h2 { margin-top: 24px; }
header p, .note, figcaption, dt, th, .tile span { color: var(--soft); font-size: 13px; }
main > section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px;
  margin: 20px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; }
.tile { border-radius: 8px; padding: 10px 14px; background: var(--tint); min-width: 0; overflow-wrap: anywhere; }
.tile strong { display: block; font-size: 22px; line-height: 1.3; color: var(--mark);
  font-variant-numeric: tabular-nums; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 18px;
  align-items: start; }
figure { margin: 0; min-width: 0; }
figure img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px;
  background: #fff; }
figcaption { margin-top: 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:last-child { white-space: normal; min-width: 14em; }
dl { margin: 0; font-size: 13.5px; }
dl div { display: flex; justify-content: space-between; gap: 16px; padding: 3px 0;
  border-bottom: 1px solid var(--line); }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
footer { color: var(--soft); font-size: 12.5px; text-align: center; padding: 8px 24px 36px; }
@media (max-width: 620px) { main, header { padding-left: 12px; padding-right: 12px; }
  main > section { padding: 16px 14px; } }
"""
