"""What a federation is, as pure data and rules: no network, no process, no screen."""
