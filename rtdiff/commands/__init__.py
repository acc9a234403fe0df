"""Commands: one module and one function per verb, from checked settings to an exit code."""
