"""Facts of configurations, trust policies and plans."""
