"""The producer: sends records on a schedule that nothing slows down; says how well it kept it."""
