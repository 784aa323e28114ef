"""What the tool keeps between sessions: the register of releases, and scenarios."""
