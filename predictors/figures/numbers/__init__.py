"""Figures of predicted numbers, and of forecasts, beside what came."""
