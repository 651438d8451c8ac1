"""The command line: one module per subcommand, built on the public API alone."""
