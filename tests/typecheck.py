"""The checker of every annotation in tests: as Python's typing has it, an int is a float as well."""

from beartype import BeartypeConf, beartype

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
