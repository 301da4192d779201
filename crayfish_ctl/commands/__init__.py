"""Commands that are a module of their own; `register` adds each to the application."""
