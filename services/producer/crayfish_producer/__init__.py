"""The producer: sends records on a schedule that nothing slows down, and says how well it kept it."""
