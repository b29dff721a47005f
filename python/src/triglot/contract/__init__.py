"""The contract compiler, `protoc-gen-triglot`: parse, check, emit.

`parse` turns descriptors into the frozen dataclasses of `model`, `check` says what is wrong with them, and
one emitter a language turns them into text. None of these touches a file; `plugin` and `generate` do.
`runtime` is what the emitted Python code calls.
"""

VERSION = "0.1.0"
