"""What a pipeline is here: a source, a preparation, a split, and an architecture."""

import copy
import inspect


class Manifest:
    def __init__(self, source, prepare, architecture, split=(8, 1, 2)):
        self.source = source
        self.prepare = prepare
        self.architecture_function = architecture
        self.split_config = split

    def fetch_data(self):
        return self.source()

    def prepare_data(self, data, round_params):
        return self.prepare(data, round_params, self.split_config)

    def with_params_override(self, **overrides):
        other = copy.deepcopy(self)
        other.split_config = overrides.pop("split_config", other.split_config)
        return other

    def resolve_model_kwargs(self, round_params):
        names = list(inspect.signature(self.architecture_function).parameters)[1:]
        return {name: round_params[name] for name in names if name in round_params}

    def run_model(self, data, round_params):
        return self.architecture_function(data, **self.resolve_model_kwargs(round_params))


def cut(rows, split):
    """Return where a number of rows is cut into three."""
    total = sum(split)
    first = rows * split[0] // total
    return first, first + rows * split[1] // total
