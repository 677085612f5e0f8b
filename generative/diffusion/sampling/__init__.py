"""From noise to samples: samplers, their levels, and editing with them."""
