"""What synthesizing costs, measured against what it could cost."""
