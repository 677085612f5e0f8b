"""How a report is written down: elements, style and formats."""
