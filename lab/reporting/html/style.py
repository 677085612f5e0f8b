"""The look of the page, as one style sheet without any address in it."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: #1d2127; --soft: #5c6470; --line: #dfe3e8;
  --mark: #2563a8; --tint: #eef4fb; --warn: #8a5a00; --warn-tint: #fff7e6; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1c2026; --ink: #e6e9ed; --soft: #9aa3ae;
  --line: #313740; --mark: #7db4ee; --tint: #1f2b3a; --warn: #e8bd6a; --warn-tint: #2d2617; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, header { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; padding-bottom: 8px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 21px; line-height: 1.3; margin: 0 0 16px; }
h3 { font-size: 15px; margin: 28px 0 10px; }
h4 { font-size: 13px; margin: 0 0 6px; color: var(--soft); font-weight: 600; }
p { margin: 8px 0; }
a { color: var(--mark); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.92em; }
header p, .note { color: var(--soft); }
.note { font-size: 13px; }
nav { display: flex; flex-wrap: wrap; gap: 6px 8px; margin-top: 14px; }
nav a { border: 1px solid var(--line); border-radius: 999px; padding: 3px 12px; background: var(--card);
  font-size: 13px; }
main > section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px;
  margin: 20px 0; }
h2 span { color: var(--soft); font-weight: 400; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 10px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; min-width: 0; overflow-wrap: anywhere; }
.tile .name, .tile .small { display: block; color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.tile strong { display: block; font-size: 22px; line-height: 1.3; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.tile.score { background: var(--tint); border-color: transparent; }
.tile.score strong { color: var(--mark); }
figure { margin: 0; min-width: 0; }
figure img, figure video { display: block; max-width: 100%; height: auto; }
figcaption { font-size: 13px; color: var(--soft); margin-top: 6px; overflow-wrap: anywhere; }
figcaption code { margin-left: 8px; opacity: 0.8; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 14px; }
.overlays { grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); }
.chart { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 10px; }
.chart img { width: 100%; }
.media-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); gap: 18px;
  align-items: start; grid-auto-flow: dense; }
.media.wide { grid-column: 1 / -1; }
.media img, .media video { width: 100%; max-height: 440px; object-fit: contain; border-radius: 8px;
  border: 1px solid var(--line); background: var(--paper); }
.media.marked { grid-column: 1 / -1; }
.stage { position: relative; max-width: 720px; }
.wide .stage { max-width: none; }
.media .stage img { max-height: none; }
.stage svg.points { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.point circle { fill: transparent; }
.point .tip { display: none; pointer-events: none; }
.point:hover .tip { display: inline; }
.point:hover circle { stroke: #14171b; stroke-width: 3; }
.tip text { font-size: 20px; font-weight: 600; fill: #14171b; stroke: #ffffff; stroke-width: 7px;
  stroke-linejoin: round; paint-order: stroke; }
.wide .tip text { font-size: 13px; }
.wide .point circle { r: 6px; }
.points image { image-rendering: pixelated; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
td:first-child { min-width: 13em; }
th { color: var(--soft); font-weight: 600; font-size: 12.5px; }
td.number, th.number { text-align: right; white-space: nowrap; padding-left: 12px; padding-right: 0; }
.settings dl { columns: 3 260px; column-gap: 36px; }
.details { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); gap: 20px 36px;
  margin-top: 20px; }
dl { margin: 0; font-size: 13.5px; }
dl div { display: flex; justify-content: space-between; gap: 16px; padding: 3px 0;
  border-bottom: 1px solid var(--line); break-inside: avoid; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
aside { background: var(--warn-tint); border-radius: 8px; padding: 2px 16px 8px; margin-top: 24px; }
aside h3 { margin-top: 12px; color: var(--warn); }
aside ul { margin: 0; padding-left: 18px; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 12.5px; text-align: center; padding: 8px 24px 36px; }
@media (max-width: 620px) { main, header { padding-left: 12px; padding-right: 12px; }
  main > section { padding: 16px 14px; } h1 { font-size: 23px; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); } .tile strong { font-size: 19px; }
  .point .tip { transform: scale(1.7); } .wide .point .tip { transform: scale(2.6); } }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --tint: #f2f6fb;
    --paper: #fff; }
  body { font-size: 11pt; } nav { display: none; } main > section { border: 0; padding: 0; }
  figure, .tile, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } }
"""
